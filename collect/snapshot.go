package collect

import "time"

// Schema names the shape of snapshots as JSON; new fields keep it.
const Schema = "pytop/1"

// Snapshot is the difference of two readings: what is shown and exported.
// Bare counts are cumulative from Since; Delta, PerS and Share are of the
// last Interval.
type Snapshot struct {
	Time      time.Time
	Since     time.Time
	Seq       int           // 1 for the first
	Interval  time.Duration // as measured between the two readings; 0 for the first
	Final     bool
	EndReason string
	Host      string
	Processes []ProcessRow
	Past      []ProcessReading // as in Reading
	Functions []FunctionRow    // in ascending Code.ID
	Focus     uint64           // the Code.ID counted by thread; 0: none
	ByThread  []ThreadCount
	Threads   []ThreadRow // by PID, then TID; nil: not measured
	GILs      []GILRow    // by PID, then Interpreter; nil: not measured
	Worlds    []WorldRow  // by PID; nil: not measured
	Probes    []Probe
	Lost      []Loss
	Self      SelfRow
	Totals    Totals // over all processes

	CtxSwitches []ThreadSwitchesRow // by PID, then TID; nil: not measured
}

// SelfRow is what pytop takes, in a snapshot.
type SelfRow struct {
	CPUShare float64 // of one core in the interval
	Memory   uint64  // resident bytes
	Maps     uint64  // bytes of kernel memory held by BPF maps; 0: not known
}

// Span is Interval, and for the first snapshot the time since counting began:
// what it holds is of all of it.
func (s *Snapshot) Span() time.Duration {
	if s.Interval == 0 {
		return s.Time.Sub(s.Since)
	}
	return s.Interval
}

// Begin is when the span began.
func (s *Snapshot) Begin() time.Time { return s.Time.Add(-s.Span()) }
