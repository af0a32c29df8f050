package collect

import "time"

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
	Stopped State = "stopped" // by a signal (T in /proc)
	Traced  State = "traced"  // stopped by a debugger (t in /proc)
	Ended   State = "ended"
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

// ProcessRow is a process in a snapshot.
type ProcessRow struct {
	ProcessReading
	// Counting: its calls were counted during all or part of the interval.
	Counting bool
	// CountedDelta is the part of the interval during which its calls were
	// counted. Where it started in the interval, the time before is counted, too
	// (it made none), or as much of it as of its life: rates of short lives then
	// sum up to what was called in the interval.
	CountedDelta time.Duration
	CallsDelta   uint64
	ResumesDelta uint64
	CallsPerS    float64 // of CountedDelta
	ResumesPerS  float64 // of CountedDelta
	// TaxShare is the share of the CPU time used in the interval that went
	// into counting, 0..1; TaxKnown is false when there is no telling.
	TaxShare float64
	// CPUShare is the CPU time used in the interval, of one core; CPUShareKnown
	// is false when there is no telling.
	CPUShare      float64
	CPUShareKnown bool
	// GILHeldShare is the share of the interval that its GIL was held, 0..1; of
	// several, that of the one held most. GILHeldKnown is false when it was not followed.
	GILHeldShare float64
	GILHeldKnown bool
	GILEstimated bool // its fields were read: GILHeldShare is an estimate
}

// processKey tells processes apart: Process is another one after an exec, while
// its counts go on, and a PID may be two processes' in one interval.
type processKey struct {
	pid   int
	start time.Time
}

// earlier is the processes of a reading, to be found again in a later one.
type earlier map[processKey]*ProcessReading

func earlierOf(list []ProcessReading) earlier {
	e := make(earlier, len(list))
	for i := range list {
		p := list[i].Process
		e[processKey{p.PID, p.Start}] = &list[i]
	}
	return e
}

// of is a process as it was; zero, without a Process, when it was not there.
func (e earlier) of(p *Process) *ProcessReading {
	if before := e[processKey{p.PID, p.Start}]; before != nil {
		return before
	}
	return &ProcessReading{}
}

// diffProcesses makes the rows of processes with what is known of each
// whatever is measured: the CPU time, and how much of it went into counting.
func diffProcesses(prev, cur []ProcessReading, interval time.Duration) []ProcessRow {
	before := earlierOf(prev)
	rows := make([]ProcessRow, len(cur))
	for i, p := range cur {
		b := before.of(p.Process)
		r := ProcessRow{ProcessReading: p}
		silent := p.State == Ended && p.CPU == b.CPU // it ran, and how long is not known
		if b.Process != nil && p.CPUKnown && b.CPUKnown && p.TaxKnown && !silent {
			r.TaxShare, r.TaxKnown = min(1, share(p.Tax-b.Tax, p.CPU-b.CPU)), true
		} else {
			r.TaxKnown = false
		}
		if b.Process != nil && p.CPUKnown && b.CPUKnown && !silent && interval > 0 {
			r.CPUShare, r.CPUShareKnown = share(p.CPU-b.CPU, interval), true
		}
		rows[i] = r
	}
	return rows
}
