package cpython

// onARM64 corrects what x86-64's headers say for arm64: glibc's pthread_mutex_t
// has 48 bytes there rather than 40. Where a whole GIL is embedded in what the
// file does not describe itself (told: it does), what lies behind it was not
// looked up and is absent.
func onARM64(o Offsets, told bool) Offsets {
	const wider = 8
	o.GIL.SwitchCond += wider
	o.GIL.SwitchMutex += wider
	o.GIL.Size += 2 * wider
	if !told {
		o.Runtime.GIL, o.Runtime.Current = Absent, Absent
		o.Interpreter = InterpreterOffsets{Absent, Absent, Absent, Absent, Absent, Absent}
	}
	return o
}
