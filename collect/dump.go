package collect

import "time"

// DumpSchema names the shape of a dump as JSON; new fields keep it.
const DumpSchema = "pytop-dump/1"

// Dump is what the threads of a process did at about one instant, read from
// its memory. Nothing was attached, and nothing stopped.
type Dump struct {
	Time    time.Time
	Host    string
	Process *Process
	NoGIL   bool // it runs free-threaded
	GILs    []DumpGIL
	Threads []DumpThread // by TID
}

// DumpGIL is a GIL in a dump.
type DumpGIL struct {
	Interpreter  int64 // the lowest ID of those that use it
	Holder       int   // TID; 0: nobody holds it, or it could not be told
	Held         bool
	SwitchNumber uint64
}

// DumpThread is a thread in a dump.
type DumpThread struct {
	TID         int
	Name        string
	Interpreter int64  // ID; negative: it is no Python thread
	State       string // see ThreadReading
	HoldsGIL    bool
	WaitsForGIL bool
	Stack       []Place // the innermost first
	Torn        bool    // it may have run whenever its stack was read: frames may be missing or of different moments
	Cut         bool    // it has more frames
	Reason      string  // why there is no stack; empty: there is, or it runs no Python
}
