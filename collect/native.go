package collect

// NativeFrame is where in machine code a thread is.
type NativeFrame struct {
	Module string // base name of the mapped file, "[vdso]" and the like; empty: memory of no file
	Symbol string // of the function, as the file has it, not demangled; empty: the file names none there
	Offset uint64 // from the symbol; without one in the file; without a file the address
	Start  uint64 // without a symbol: offset in the file of the function's beginning; 0: not known
}

// Native is where in machine code a thread was while it held the GIL, as
// sampled: an estimate.
type Native struct {
	Ran    NativeLooks // each 10 ms of the processor time that it took, in the kernel too
	Slept  NativeLooks // 20 times a second, when it slept in the kernel
	Lost   uint64      // samples for which there was no room
	Reason string      // why there are none; empty: there are, or it ended too soon
}

// NativeLooks are looks at the same thread.
type NativeLooks struct {
	Stack []NativeFrame // of the function that it was found in most often, the commonest; the innermost first
	Hits  int           // looks that found it in that function
	Looks int           // all of them; 0: none
	Cut   bool          // callers are not known, or not all: the file keeps no frame pointers, say
}
