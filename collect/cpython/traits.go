package cpython

import "pytop/collect/elf"

// Traits are facts about a build that are not offsets.
type Traits struct {
	ExecutableMask uint64 // what a frame's executable is masked with to be a code object: some versions tag pointers
	LegacyFrame    bool   // frames are PyFrameObjects, the eval function is entered for each call, f_lasti tells resumes
	// FrameArgument and ThrowArgument say which arguments of the eval function
	// frame and throwflag are, from 0. Only with LegacyFrame.
	FrameArgument, ThrowArgument int
	// ResumeMask are the bits of RESUME's oparg that tell where it stands: 0 is
	// a function's start. 0: LegacyFrame.
	ResumeMask uint8
	// FixedStart: a code object's RESUME 0 has one address for all threads.
	FixedStart bool
	// Redispatch: RESUME runs again after it called _Py_Instrument.
	Redispatch bool
	// ForeignOwner: a frame whose owner is this or more is not a Python
	// function's; 0: there are none.
	ForeignOwner uint8

	FreeThreaded bool
	Debug        bool // Py_DEBUG: checks its own reference counts
	Stripped     bool // without .symtab
	Fixed        bool // runs at fixed addresses (not PIE)
}

func findTraits(f *elf.File, v version, free bool) Traits {
	t := Traits{
		ExecutableMask: ^uint64(0),
		LegacyFrame:    v.minor <= 10,
		Redispatch:     v.minor >= 12,
		FreeThreaded:   free,
		Debug:          anySymbol(f, "_Py_NegativeRefcount", "_Py_RefTotal"),
		Fixed:          f.Fixed(),
	}
	_, symbols := f.Section(".symtab")
	t.Stripped = !symbols
	if t.LegacyFrame {
		t.FrameArgument, t.ThrowArgument = 1, 2 // behind tstate
	}
	if v.minor == 8 {
		t.FrameArgument, t.ThrowArgument = 0, 1
	}
	if v.minor >= 11 {
		t.ResumeMask = 3
	}
	if v.minor >= 12 {
		t.ForeignOwner = 3 // FRAME_OWNED_BY_CSTACK, from 3.14 FRAME_OWNED_BY_INTERPRETER
	}
	if v.minor >= 14 {
		t.ExecutableMask = ^uint64(7) // a _PyStackRef; objects are aligned to 16
	}
	if v.minor >= 15 {
		t.ResumeMask = 7 // 4 is RESUME_AT_GEN_EXPR_START
	}
	// From 3.14 each thread of a free-threaded build has its own bytecode.
	t.FixedStart = !t.LegacyFrame && !(free && v.minor >= 14)
	return t
}
