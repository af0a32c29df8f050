package cpython

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"pytop/collect/elf"
)

// From 3.13 a file tells its offsets itself: _PyRuntime begins with
// _Py_DebugOffsets, whose layout is particular to the minor version
// (Include/internal/pycore_debug_offsets.h; in 3.13 pycore_runtime.h). The
// structs here go as far as the last field that is used.

// debugHead begins every _Py_DebugOffsets.
type debugHead struct {
	Cookie       [8]byte // "xdebugpy"
	Version      uint64  // PY_VERSION_HEX
	FreeThreaded uint64
	Runtime      struct{ Size, Finalizing, InterpretersHead uint64 }
}

type debug13 struct {
	Head        debugHead
	Interpreter struct {
		Size, ID, Next, ThreadsHead, GC, ImportsModules, Sysdict, Builtins, CevalGIL uint64
		GIL, GILEnabled, GILLocked, GILHolder                                        uint64
	}
	Thread            debugThread13
	Frame             struct{ Size, Previous, Executable, InstrPtr, Localsplus, Owner uint64 }
	Code              debugCode
	Object            struct{ Size, Type uint64 }
	Type              struct{ Size, Name, Repr, Flags uint64 }
	Tuple, List, Dict [3]uint64
	Float             [2]uint64
	Long, Bytes       [3]uint64
	Unicode           struct{ Size, State, Length, ASCIISize uint64 }
}

type debugThread13 struct {
	Size, Prev, Next, Interp, CurrentFrame, ThreadID, NativeThreadID, DatastackChunk, Status uint64
}

type debugCode struct {
	Size, Filename, Name, Qualname, Linetable, Firstlineno, Argcount, Localsplusnames, Localspluskinds, CodeAdaptive uint64
}

type debugInterpreter14 struct {
	Size, ID, Next, ThreadsHead, ThreadsMain, GC, ImportsModules, Sysdict, Builtins, CevalGIL uint64
	GIL, GILEnabled, GILLocked, GILHolder, CodeObjectGeneration, TLBCGeneration               uint64
}

type debugFrame14 struct {
	Size, Previous, Executable, InstrPtr, Localsplus, Owner, Stackpointer, TLBCIndex uint64
}

type debug14 struct {
	Head        debugHead
	Interpreter debugInterpreter14
	Thread      debugThread13
	Frame       debugFrame14
	Code        debugCode
	TLBC        uint64 // of the code object
	Object      struct{ Size, Type uint64 }
	Type        struct{ Size, Name, Repr, Flags uint64 }
	Tuple, List [3]uint64
	Set         [4]uint64
	Dict        [3]uint64
	Float       [2]uint64
	Long, Bytes [3]uint64
	Unicode     struct{ Size, State, Length, ASCIISize uint64 }
}

type debug15 struct {
	Head        debugHead
	Interpreter debugInterpreter14
	Thread      struct {
		Size, Prev, Next, Interp, CurrentFrame, BaseFrame, LastProfiledFrame, LastProfiledFrameSeq uint64
		ThreadID, NativeThreadID, DatastackChunk, Status                                           uint64
		HoldsGIL, GILRequested, CurrentException, ExcState                                         uint64
	}
	ErrStackitem uint64
	Frame        debugFrame14
	Code         debugCode
	TLBC         uint64 // of the code object
	Object       struct{ Size, Type uint64 }
	Type         struct{ Size, Name, Repr, Flags, Basicsize, Dictoffset uint64 }
	HeapType     [2]uint64
	Tuple, List  [3]uint64
	Set          [4]uint64
	Dict         [3]uint64
	Float        [2]uint64
	Long, Bytes  [3]uint64
	Unicode      struct{ Size, State, Length, ASCIISize, CompactSize uint64 }
}

// findOffsets finds the offsets of a version, and whether the build is
// free-threaded.
func findOffsets(f *elf.File, runtime uint64, v version) (Offsets, bool, error) {
	if o, ok := closed[v.minor]; ok {
		return o, false, nil
	}
	var head debugHead
	if err := readDebug(f, runtime, &head); err != nil {
		return Offsets{}, false, err
	}
	told := decodeVersion(head.Version)
	switch {
	case string(head.Cookie[:]) != "xdebugpy":
		return Offsets{}, false, fmt.Errorf("%w: _PyRuntime does not begin with xdebugpy", ErrCorrupt)
	case told.major != v.major || told.minor != v.minor:
		return Offsets{}, false, fmt.Errorf("%w: _PyRuntime is of %v", ErrCorrupt, told)
	case head.FreeThreaded > 1:
		return Offsets{}, false, fmt.Errorf("%w: free_threaded is %d", ErrCorrupt, head.FreeThreaded)
	}
	var o Offsets
	var err error
	switch v.minor {
	case 13:
		o, err = offsets13(f, runtime)
	case 14:
		o, err = offsets14(f, runtime)
	case 15:
		o, err = offsets15(f, runtime)
	}
	return o, head.FreeThreaded == 1, err
}

func readDebug(f *elf.File, at uint64, to any) error {
	b, err := f.Read(at, uint64(binary.Size(to)))
	if err != nil {
		return fmt.Errorf("_Py_DebugOffsets: %w", err)
	}
	return binary.Read(bytes.NewReader(b), le, to)
}

// narrow takes offsets out of a file's table: each must lie inside its struct
// and be aligned.
type narrow struct {
	err error
}

const maxStruct = 4 << 20 // bytes; the largest, PyInterpreterState, has some 300,000

func (n *narrow) field(name string, offset, size, align uint64) uint32 {
	if n.err == nil && (size > maxStruct || offset >= size || offset%align != 0) {
		n.err = fmt.Errorf("%w: %s at %d of %d bytes", ErrCorrupt, name, offset, size)
	}
	return uint32(offset)
}

func (n *narrow) size(name string, size, least uint64) uint32 {
	if n.err == nil && (size > maxStruct || size < least) {
		n.err = fmt.Errorf("%w: %s has %d bytes", ErrCorrupt, name, size)
	}
	return uint32(size)
}

func (n *narrow) thread(t debugThread13) ThreadOffsets {
	return ThreadOffsets{
		Next:           n.field("tstate.next", t.Next, t.Size, 8),
		Interp:         n.field("tstate.interp", t.Interp, t.Size, 8),
		ThreadID:       n.field("tstate.thread_id", t.ThreadID, t.Size, 8),
		NativeThreadID: n.field("tstate.native_thread_id", t.NativeThreadID, t.Size, 8),
		CurrentFrame:   n.field("tstate.current_frame", t.CurrentFrame, t.Size, 8),
		CFrame:         Absent,
		EvalBreaker:    24,                                             // behind prev, next and interp (Include/cpython/pystate.h)
		State:          n.field("tstate.state", t.Status+8, t.Size, 4), // behind _status and _whence
	}
}

func (n *narrow) interpreter(i debugInterpreter14) InterpreterOffsets {
	return InterpreterOffsets{
		Next:        n.field("interp.next", i.Next, i.Size, 8),
		ThreadsHead: n.field("interp.threads.head", i.ThreadsHead, i.Size, 8),
		ID:          n.field("interp.id", i.ID, i.Size, 8),
		CevalGIL:    n.field("interp.ceval.gil", i.CevalGIL, i.Size, 8),
		GIL:         n.field("interp._gil", i.GIL, i.Size, 8),
		Size:        uint32(i.Size), // at most maxStruct: the fields were checked
	}
}

func (n *narrow) frame(f debugFrame14) FrameOffsets {
	return FrameOffsets{
		Executable: n.field("frame.f_executable", f.Executable, f.Size, 8),
		Previous:   n.field("frame.previous", f.Previous, f.Size, 8),
		InstrPtr:   n.field("frame.instr_ptr", f.InstrPtr, f.Size, 8),
		Lasti:      Absent,
		Owner:      n.field("frame.owner", f.Owner, f.Size, 1),
		Localsplus: n.field("frame.localsplus", f.Localsplus, f.Size, 8),
		Size:       n.size("frame", f.Size, 64),
	}
}

// code also holds what _Py_DebugOffsets leaves out: header is the size of
// PyObject, which a free-threaded build has larger; the fields' order is
// Include/cpython/code.h's, the same for 3.13 to 3.15.
func (n *narrow) code(c debugCode, header uint64) CodeOffsets {
	return CodeOffsets{
		Flags:                  n.field("co_flags", header+32, c.Size, 4),
		Firstlineno:            n.field("co_firstlineno", c.Firstlineno, c.Size, 4),
		Filename:               n.field("co_filename", c.Filename, c.Size, 8),
		Name:                   n.field("co_name", c.Name, c.Size, 8),
		Qualname:               n.field("co_qualname", c.Qualname, c.Size, 8),
		Linetable:              n.field("co_linetable", c.Linetable, c.Size, 8),
		CodeAdaptive:           n.field("co_code_adaptive", c.CodeAdaptive, c.Size, 8),
		Version:                n.field("co_version", header+76, c.Size, 4),
		InstrumentationVersion: n.field("_co_instrumentation_version", c.Linetable+32, c.Size, 8),
	}
}

// object checks PyObject's size and where its type is.
func (n *narrow) object(size, kind uint64) ObjectOffsets {
	if n.err == nil && size != 16 && size != 32 {
		n.err = fmt.Errorf("%w: PyObject has %d bytes", ErrCorrupt, size)
	}
	return ObjectOffsets{Type: n.field("ob_type", kind, size, 8)}
}

// typ has tp_dealloc behind ob_size, tp_name, tp_basicsize and tp_itemsize.
func (n *narrow) typ(name, size, header uint64) TypeOffsets {
	return TypeOffsets{Name: n.field("tp_name", name, size, 8), Dealloc: n.field("tp_dealloc", header+32, size, 8)}
}

func (n *narrow) unicode(size, state, length, ascii, compact, shift uint64) UnicodeOffsets {
	return UnicodeOffsets{
		Length:      n.field("str.length", length, size, 8),
		State:       n.field("str.state", state, size, 4),
		KindShift:   uint32(shift),
		ASCIISize:   n.field("sizeof(PyASCIIObject)", ascii, size, 8),
		CompactSize: n.field("sizeof(PyCompactUnicodeObject)", compact, size, 8),
	}
}

func (n *narrow) runtime(h debugHead) RuntimeOffsets {
	head := n.field("interpreters.head", h.Runtime.InterpretersHead, h.Runtime.Size, 8)
	return RuntimeOffsets{InterpretersHead: head, InterpretersMain: head + 8, GIL: Absent, Current: Absent}
}

// gil is the same for all versions but for a first field that free-threaded
// builds have. The table tells two of its places, which must agree.
func (n *narrow) gil(i debugInterpreter14, free bool) GILOffsets {
	g := GILOffsets{LastHolder: 8, Locked: 16, SwitchNumber: 24, Cond: 32, Mutex: 80, SwitchCond: 120, SwitchMutex: 168, Size: 208, Enabled: Absent}
	if free {
		g = GILOffsets{LastHolder: 16, Locked: 24, SwitchNumber: 32, Cond: 40, Mutex: 88, SwitchCond: 128, SwitchMutex: 176, Size: 216, Enabled: 0}
	}
	if n.err == nil && (i.GILLocked != i.GIL+uint64(g.Locked) || i.GILHolder != i.GIL+uint64(g.LastHolder)) {
		n.err = fmt.Errorf("%w: the GIL at %d has locked at %d and last_holder at %d", ErrCorrupt, i.GIL, i.GILLocked, i.GILHolder)
	}
	return g
}
