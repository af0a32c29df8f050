package collect

import "time"

// GIL follows who holds the GIL and who waits for it; of processes without one,
// what their threads wait for instead.
var GIL = Kind{Name: "gil", Title: "GIL", Measures: "who holds the GIL and who waits for it; without a GIL, who waits for mutexes and pauses", Default: true, Diff: diffGIL}

// GILStatus says how true what is said of a GIL is.
type GILStatus string

// The values of GILStatus.
const (
	GILExact      GILStatus = "exact"       // each take and drop was seen
	GILLowerBound GILStatus = "lower_bound" // some were not: see the probe's Reason
	GILSampled    GILStatus = "sampled"     // its fields were read some hundred times a second, some or all of the time
	GILOff        GILStatus = "off"
)

// ProcessGIL is what is known of a process's GIL at one instant; of several,
// of the one that was held most.
type ProcessGIL struct {
	Status   GILStatus     // empty: it was not asked for
	Reason   string        // why Status is not GILExact, or since when it is followed
	Measured time.Duration // time during which it was followed
	Held     time.Duration // of Measured
	None     bool          // it runs free-threaded
	// From is since when it is followed, where all that is missing came before
	// that: what is said of a later interval is exact. Zero: anything else.
	From time.Time
}

// WholeSince tells whether nothing is missing from an instant on, though the
// totals are a lower bound.
func (p *ProcessGIL) WholeSince(t time.Time) bool { return !p.From.IsZero() && !p.From.After(t) }

// GILReading is one GIL at one instant; counts are cumulative.
type GILReading struct {
	ID          uint64 // unique within a source, never 0
	PID         int
	Interpreter int64 // the lowest ID of the interpreters that use it
	Status      GILStatus
	Measured    time.Duration // time during which it was followed
	Sampled     time.Duration // of Measured: that its fields were read, and no more
	Holder      int           // TID; 0: nobody holds it
	HeldFor     time.Duration // of the hold that goes on
	AtLeast     bool          // it is older than that: pytop came later
	Takes       uint64        // not known while sampled
	Switches    uint64        // takes by another thread than the one before
	Forced      uint64
	Held        time.Duration
	Wait        time.Duration // of all threads
	Pairs       []GILPair     // in no order
	Blame       []Blame       // in no order
	LongHolds   []LongHold    // the last ones, the oldest first
	LongWaits   []LongWait    // the last ones, the oldest first
}

// LongHold is a hold that went on for long, seen while it did.
type LongHold struct {
	TID    int
	Began  time.Time
	Lasted time.Duration // at least: as of when it was seen last
	Stack  []Place       // of the holder when it was seen first, the innermost first; none: it could not be read
	Native Native        // of the holder, as of when it was seen last
}

// LongWait is a wait that went on for long, seen while it did.
type LongWait struct {
	TID         int
	Began       time.Time
	Lasted      time.Duration // at least: as of when it was seen last
	Stack       []Place       // of the waiter when it was seen first, the innermost first; none: it could not be read
	Holder      int           // TID of who held it then; 0: not known
	HolderStack []Place       // as it was at the wait's last step before; none: it could not be read
}

// GILPair is how often a GIL went from one thread to another, and how long the
// one made the other wait. Either may be 0.
type GILPair struct {
	From, To       uint64 // ThreadReading.ID; 0: not known
	FromTID, ToTID int
	Count          uint64
	Wait           time.Duration // that To waited while From held it, as of its last step
}

// Blame is what made others wait: a thread that held the GIL, and the stack
// that it was seen with when their wait began, and at each switch interval.
type Blame struct {
	Thread uint64 // ThreadReading.ID; 0: not known
	TID    int
	Stack  []Place // the innermost first; none: it could not be read
	Cut    bool    // there are more frames
	Wait   time.Duration
	Steps  uint64
}

// GILRow is a GIL in a snapshot.
type GILRow struct {
	GILReading
	TakesPerS    float64
	SwitchesPerS float64
	ForcedPerS   float64
	HeldShare    float64
	WaitShare    float64 // may be above 1: several may wait
	Counting     bool
	in           time.Duration // of the interval, during which it was followed
	Estimated    bool          // its fields were read during the interval, or a part of it: shares are estimates, the rest is not known
	PairRows     []GILPairRow  // most switches in the interval first
	Blamed       []BlameRow    // by function, what caused most waiting in the interval first
}

// GILPairRow is a pair of threads in a snapshot.
type GILPairRow struct {
	GILPair
	Delta uint64
	PerS  float64
	// WaitShare is what Wait grew by, of the interval, 0..1.
	WaitShare float64
}

// BlameRow is a function that made others wait, whoever ran it.
type BlameRow struct {
	Place  Place // of the innermost frame; zero: not known
	Wait   time.Duration
	Delta  time.Duration
	Share  float64 // Delta of the interval; may be above 1
	Stack  []Place // that caused most of it
	Thread int     // TID of who ran that stack; 0: not known
}
