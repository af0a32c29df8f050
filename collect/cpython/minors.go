package cpython

import "pytop/collect/elf"

func offsets13(f *elf.File, runtime uint64) (Offsets, error) {
	var d debug13
	if err := readDebug(f, runtime, &d); err != nil {
		return Offsets{}, err
	}
	i, free := d.Interpreter, d.Head.FreeThreaded == 1
	interp := debugInterpreter14{Size: i.Size, ID: i.ID, Next: i.Next, ThreadsHead: i.ThreadsHead, CevalGIL: i.CevalGIL, GIL: i.GIL, GILLocked: i.GILLocked, GILHolder: i.GILHolder}
	frame := debugFrame14{Size: d.Frame.Size, Previous: d.Frame.Previous, Executable: d.Frame.Executable, InstrPtr: d.Frame.InstrPtr, Localsplus: d.Frame.Localsplus, Owner: d.Frame.Owner}
	var n narrow
	o := Offsets{
		Runtime:     n.runtime(d.Head),
		Interpreter: n.interpreter(interp),
		GIL:         n.gil(interp, free),
		Thread:      n.thread(d.Thread),
		CFrame:      CFrameOffsets{CurrentFrame: Absent},
		Frame:       n.frame(frame),
		Code:        n.code(d.Code, d.Object.Size),
		Object:      n.object(d.Object.Size, d.Object.Type),
		Type:        n.typ(d.Type.Name, d.Type.Size, d.Object.Size),
		Unicode:     n.unicode(d.Unicode.Size, d.Unicode.State, d.Unicode.Length, d.Unicode.ASCIISize, d.Unicode.ASCIISize+16, 2),
	}
	return o, n.err
}

// kindShift is how many bits of a str's state precede its kind: two for
// whether it is interned, from 3.14 a whole byte in free-threaded builds.
func kindShift(free bool) uint64 {
	if free {
		return 8
	}
	return 2
}

func offsets14(f *elf.File, runtime uint64) (Offsets, error) {
	var d debug14
	if err := readDebug(f, runtime, &d); err != nil {
		return Offsets{}, err
	}
	free := d.Head.FreeThreaded == 1
	var n narrow
	o := Offsets{
		Runtime:     n.runtime(d.Head),
		Interpreter: n.interpreter(d.Interpreter),
		GIL:         n.gil(d.Interpreter, free),
		Thread:      n.thread(d.Thread),
		CFrame:      CFrameOffsets{CurrentFrame: Absent},
		Frame:       n.frame(d.Frame),
		Code:        n.code(d.Code, d.Object.Size),
		Object:      n.object(d.Object.Size, d.Object.Type),
		Type:        n.typ(d.Type.Name, d.Type.Size, d.Object.Size),
		Unicode:     n.unicode(d.Unicode.Size, d.Unicode.State, d.Unicode.Length, d.Unicode.ASCIISize, d.Unicode.ASCIISize+16, kindShift(free)),
	}
	return o, n.err
}

func offsets15(f *elf.File, runtime uint64) (Offsets, error) {
	var d debug15
	if err := readDebug(f, runtime, &d); err != nil {
		return Offsets{}, err
	}
	t, free := d.Thread, d.Head.FreeThreaded == 1
	thread := debugThread13{Size: t.Size, Next: t.Next, Interp: t.Interp, CurrentFrame: t.CurrentFrame, ThreadID: t.ThreadID, NativeThreadID: t.NativeThreadID, Status: t.Status}
	var n narrow
	o := Offsets{
		Runtime:     n.runtime(d.Head),
		Interpreter: n.interpreter(d.Interpreter),
		GIL:         n.gil(d.Interpreter, free),
		Thread:      n.thread(thread),
		CFrame:      CFrameOffsets{CurrentFrame: Absent},
		Frame:       n.frame(d.Frame),
		Code:        n.code(d.Code, d.Object.Size),
		Object:      n.object(d.Object.Size, d.Object.Type),
		Type:        n.typ(d.Type.Name, d.Type.Size, d.Object.Size),
		Unicode:     n.unicode(d.Unicode.Size, d.Unicode.State, d.Unicode.Length, d.Unicode.ASCIISize, d.Unicode.CompactSize, kindShift(free)),
	}
	return o, n.err
}
