// Package site finds where in a CPython's text probes go. x86*.go and arm64*.go
// alone know instruction bytes.
package site

// Register numbers a general register as the machine's encoding does. x86-64:
// 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp, 6 rsi, 7 rdi, 8..15 r8..r15.
// AArch64: 0..30 x0..x30, 31 sp.
type Register uint8

// None is no register.
const None Register = 255

// When tells in which direction of a conditional branch a hit counts.
type When uint8

// The values of When.
const (
	Always     When = iota
	IfTaken         // only when the branch is going to be taken
	IfNotTaken      // only when it is not
)

// Site is an instruction where a probe goes, and what is in the registers
// whenever it is hit.
type Site struct {
	Address uint64 // as the file's program headers number memory
	Offset  uint64 // in the file: what a uprobe is attached to
	Bytes   []byte // the instruction: checked in the file before every attach
	Text    string // its disassembly, for people
	Cheap   bool   // the kernel emulates it; else each hit is single-stepped

	When      When
	Condition uint8 // the machine's condition code (0..15) of the branch when When is not Always

	Code  Register // holds the code object (maybe tagged: see Traits); None: read it through the frame
	Frame Register // holds the frame; None: it is at [rsp+Slot]
	Slot  uint16   // multiple of 8; only with Frame == None
	Next  Register // holds the address of the running bytecode instruction + Ahead; None: read it from the frame
	Ahead uint8    // bytes, 0..15
	Throw Register // up to 3.10: its low 32 bits are throwflag, non-zero: the body does not run; None: never non-zero here
}

// Plan is where the probes of one file go.
type Plan struct {
	Calls      []Site // every start and resume of a Python function passes exactly one, once
	Freed      []Site // code_dealloc, the code object in rdi (None in Code: it is rdi)
	Instrument []Site // the calls of _Py_Instrument(code in rdi, …): undo one hit; frame and next instruction as in Calls
	Executor   []Site // ENTER_EXECUTOR: a hit means that a JIT runs and calls inside traces pass no site
	Method     string // how they were found, for people: "computed-goto table, 3 handlers, 15 inlined copies"
	Weak       string // what is weaker than it could be, for people; empty: nothing
	TailCalls  bool   // each opcode's handler is a function: for people

	proof *proof // of which file it is, and that its sites begin instructions; nil: not proven
}

// Words says what is particular about the build that only its text tells, for
// cpython.Python's Build.
func (p *Plan) Words() []string {
	if p.TailCalls {
		return []string{"tail-call"}
	}
	return nil
}
