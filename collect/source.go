// Package collect says what is measured: sources give readings, two readings
// make a snapshot. Everything here is pure; the kernel is in collect/live.
package collect

import "time"

// Source is where readings come from: the kernel, a recording, a demo.
type Source interface {
	// Read returns what is held now. After a reading with Final set there is
	// no other. Calls must not overlap.
	Read() (*Reading, error)
	// Close detaches everything; it may be called more than once.
	Close() error
}

// Controls is what a source that is the kernel can do besides being read.
// Calls may come while a Read is under way; each returns when it is done.
type Controls interface {
	// Detach takes every probe away; why is shown as the processes' Reason.
	Detach(why string) error
	// Attach puts the probes back. What ran meanwhile was not counted. With
	// force the budget does not detach again.
	Attach(force bool) error
	// Focus starts counting one function by thread, from zero; 0 ends it.
	Focus(code uint64) error
}

// Reading is what a source holds at one instant. Counts are cumulative since
// the source was ready; nothing in it is changed after Read returned it.
type Reading struct {
	Time      time.Time // wall clock; carries Go's monotonic clock when live
	Since     time.Time // when counting became ready
	Host      string
	Processes []ProcessReading
	Past      []ProcessReading // that ended and were in a reading before, as they were in their last; only grows
	PastMore  Totals           // Calls and Resumes of those before Past, of which there were too many to keep
	Codes     []CodeCount      // in ascending Code.ID
	Focus     uint64           // the Code.ID counted by thread; 0: none
	ByThread  []ThreadCount
	Threads   []ThreadReading // by PID, then TID; nil: not measured
	GILs      []GILReading    // by PID, then Interpreter; nil: not measured
	Worlds    []WorldReading  // of processes without a GIL, by PID; nil: not measured
	Probes    []Probe
	Lost      []Loss
	Self      Self
	Final     bool   // the last one: the targets ended, or the source did
	EndReason string // why it is the last one, in words; empty otherwise
}

// Process is what does not change while a process runs one program; PID and
// Start say which process it is.
type Process struct {
	PID     int
	Start   time.Time // when the process started
	Python  string    // "3.14.6"; "3.10" where the micro version is not to be had
	Build   string    // "stripped tail-call", "debug", …; may be empty
	Command string    // its arguments, joined by spaces; as the process wrote them: not sanitised

	Parent    int    // PID; 0: not known, or out of sight
	OwnPID    int    // in the PID namespace that it is in; 0: not known
	User      string // name, or number where it has none here; empty: not known
	Container string // name of its container, service or chroot; empty: none, or not known
}

// State is what a process is doing, as far as that is told apart.
type State string

// The states of a process.
const (
	Running State = "running" // or sleeping: alive and not stopped
	Stopped State = "stopped" // by a signal or a debugger (T or t in /proc)
	Ended   State = "ended"
)

// CallsStatus says how true the counts of calls are.
type CallsStatus string

// The values of CallsStatus.
const (
	Exact      CallsStatus = "exact"
	Estimate   CallsStatus = "estimate"
	LowerBound CallsStatus = "lower_bound"
	Off        CallsStatus = "off"
)

// ProcessReading is one process at one instant; counts are cumulative.
type ProcessReading struct {
	Process *Process
	State   State
	Status  CallsStatus
	Reason  string // why Status is not Exact, in words; empty when it is
	// OverBudget is set when pytop detached by itself since counting cost
	// more than the budget; Reason says how much.
	OverBudget bool
	Braked     bool          // the user detached it
	Counted    time.Duration // time during which its calls were counted; goes on after its end if it was counted up to that
	Calls      uint64
	Resumes    uint64
	CPU        time.Duration // user and system time of the process since it started
	CPUKnown   bool
	Tax        time.Duration // CPU time that counting has added so far: an estimate
	TaxKnown   bool
	Method     string // how its calls are counted, or can be; empty: not known (yet)
	Threads    int    // 0: not known
	Memory     uint64 // resident bytes; 0: not known
	// Payers is how many of its living children have inherited its breakpoints
	// and pay for them, and are not counted.
	Payers int
	// Unwatched is how many of its children ran the same program before pytop
	// began, as workers do, do so still, and are not watched.
	Unwatched int
	GIL       ProcessGIL
}

// Code is a function of one process, as its code objects name it.
type Code struct {
	ID       uint64    // unique within a source, never 0, ascending in order of first sight
	PID      int       // 0: of processes that ended and are no longer among the reading's, together
	Start    time.Time // of the process: tells it from a later one with its PID; zero: not known
	File     string    // co_filename, decoded; not sanitised for a terminal
	Function string    // co_qualname, up to 3.10 co_name; decoded, not sanitised
	Line     int       // co_firstlineno
	More     bool      // it stands for functions of the process that are no longer kept by name, and has what they had: see Folded
}

// CodeCount is how often a function was started and resumed.
type CodeCount struct {
	Code    *Code
	Calls   uint64
	Resumes uint64 // of generators and coroutines; 0 for all others
	// HasResumes: it is a generator, coroutine or asynchronous generator.
	HasResumes bool
	// AtLeast: it is of processes that ended (Code.PID 0), and one of them was
	// not counted whole.
	AtLeast bool
}

// ThreadCount is how often one thread ran the focused function since Focus.
type ThreadCount struct {
	TID     int
	Name    string // comm, not sanitised; empty when the thread is gone
	Calls   uint64
	Resumes uint64
}

// Probe is something that we want to know, and how finding it out goes.
type Probe struct {
	Name   string // "calls", "gil", …
	Status ProbeStatus
	Method string // how: "21 sites in libpython3.13.so.1.0, uprobe_multi"
	Reason string // why Status is not On, or what is weaker than it could be
	Hits   uint64 // of its programs, cumulative
	Lost   uint64 // hits that could not be counted for a function, cumulative
	Cost   time.Duration
}

// ProbeStatus says whether a probe measures.
type ProbeStatus string

// The values of ProbeStatus.
const (
	ProbeOn      ProbeStatus = "on"
	ProbeOff     ProbeStatus = "off"     // not asked for, braked, or over the budget
	ProbeFailed  ProbeStatus = "failed"  // asked for, and cannot be had: see Reason
	ProbeMissing ProbeStatus = "missing" // this version of pytop cannot measure it
)

// Loss is a number of events that were not counted or not named, by cause.
type Loss struct {
	Cause string // a word for JSON: "map_full"
	Text  string // in words: "calls of functions for which the map had no room"
	Count uint64
}

// Self is what pytop itself takes.
type Self struct {
	CPU    time.Duration // since it started
	Memory uint64        // resident bytes
	Maps   uint64        // bytes of kernel memory held by BPF maps; 0: not known
}
