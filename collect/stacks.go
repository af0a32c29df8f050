package collect

// Stacks is what a source can do that reads what threads run, besides being
// read. Calls may come while a Read is under way.
type Stacks interface {
	// Stack is a thread's Python stack now, or its Reason why there is none.
	Stack(pid, tid int) (*DumpThread, error)
}

// Place is where in a program a thread is.
type Place struct {
	File     string
	Function string
	First    int // the function's first line
	Line     int // 0: not known
}
