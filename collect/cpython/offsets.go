package cpython

// Absent is the offset of a field that a version does not have.
const Absent = ^uint32(0)

// Offsets are where fields are, in bytes, named as _Py_DebugOffsets of 3.13
// and later names them where it does.
type Offsets struct {
	Runtime     RuntimeOffsets
	Interpreter InterpreterOffsets
	GIL         GILOffsets
	Thread      ThreadOffsets
	CFrame      CFrameOffsets
	Frame       FrameOffsets
	Code        CodeOffsets
	Object      ObjectOffsets
	Type        TypeOffsets
	Unicode     UnicodeOffsets
}

// RuntimeOffsets are of _PyRuntimeState, which _PyRuntime is.
type RuntimeOffsets struct {
	InterpretersHead uint32 // PyInterpreterState *, the newest
	InterpretersMain uint32 // PyInterpreterState *
	GIL              uint32 // the one GIL itself, up to 3.11
	Current          uint32 // PyThreadState * that has the GIL, up to 3.11
}

// InterpreterOffsets are of PyInterpreterState.
type InterpreterOffsets struct {
	Next        uint32 // PyInterpreterState *
	ThreadsHead uint32 // PyThreadState *
	ID          uint32 // int64
	CevalGIL    uint32 // GIL * in use, from 3.12
	GIL         uint32 // its own GIL, from 3.12
	Size        uint32 // from 3.13
}

// GILOffsets are of struct _gil_runtime_state.
type GILOffsets struct {
	LastHolder   uint32 // PyThreadState *
	Locked       uint32 // int
	SwitchNumber uint32 // unsigned long
	Cond         uint32 // pthread_cond_t
	Mutex        uint32 // pthread_mutex_t
	SwitchCond   uint32 // pthread_cond_t
	SwitchMutex  uint32 // pthread_mutex_t
	Size         uint32
	Enabled      uint32 // int, free-threaded builds only
}

// ThreadOffsets are of PyThreadState.
type ThreadOffsets struct {
	Next           uint32 // PyThreadState *
	Interp         uint32 // PyInterpreterState *
	ThreadID       uint32 // pthread_t
	NativeThreadID uint32 // TID, from 3.11
	CurrentFrame   uint32 // frame *, but for 3.11 and 3.12: see CFrame
	CFrame         uint32 // _PyCFrame *, 3.11 and 3.12
	EvalBreaker    uint32 // uintptr_t, bit 0: a request to drop the GIL; from 3.13
	State          uint32 // int: attached, detached or suspended; from 3.13
}

// CFrameOffsets are of _PyCFrame, 3.11 and 3.12.
type CFrameOffsets struct {
	CurrentFrame uint32 // frame *
}

// FrameOffsets are of _PyInterpreterFrame, up to 3.10 of PyFrameObject.
type FrameOffsets struct {
	Executable uint32 // code object, maybe tagged: Traits.ExecutableMask
	Previous   uint32 // frame *, the caller's
	InstrPtr   uint32 // address of the running instruction, from 3.11
	Lasti      uint32 // int, -1 before the first instruction; up to 3.10
	Owner      uint32 // char, from 3.11
	Localsplus uint32 // PyObject *[]
	Size       uint32
}

// CodeOffsets are of PyCodeObject.
type CodeOffsets struct {
	Flags                  uint32 // int
	Firstlineno            uint32 // int
	Filename               uint32 // str
	Name                   uint32 // str
	Qualname               uint32 // str, from 3.11
	Linetable              uint32 // bytes; up to 3.9 co_lnotab
	CodeAdaptive           uint32 // the bytecode itself, from 3.11
	Version                uint32 // uint32, from 3.12
	InstrumentationVersion uint32 // uintptr_t, from 3.12
}

// ObjectOffsets are of PyObject.
type ObjectOffsets struct {
	Type uint32 // PyTypeObject *
}

// TypeOffsets are of PyTypeObject.
type TypeOffsets struct {
	Name    uint32 // char *
	Dealloc uint32 // function
}

// UnicodeOffsets are of str.
type UnicodeOffsets struct {
	Length      uint32 // Py_ssize_t, in characters
	State       uint32 // bit field of 32 bits
	KindShift   uint32 // bits of State below kind, which has three; compact and ascii follow
	ASCIISize   uint32 // where a compact ASCII str's characters begin
	CompactSize uint32 // where a compact non-ASCII str's characters begin
}
