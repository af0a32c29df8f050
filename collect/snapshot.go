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

// FunctionRow is a function in a snapshot.
type FunctionRow struct {
	Code         *Code
	Calls        uint64
	CallsDelta   uint64
	CallsPerS    float64 // of its process's CountedDelta
	CallsShare   float64 // of all calls of the interval, 0..1
	Resumes      uint64
	ResumesDelta uint64
	ResumesPerS  float64
	HasResumes   bool
	Status       CallsStatus
	Caused       time.Duration // that threads waited for the GIL while it was the innermost to run of the holder
	CausedShare  float64       // of the interval; may be above 1: several may wait
	CausedKnown  bool          // whether CausedShare is; Caused is 0 unless it was measured
	CausedPart   bool          // Caused is of a part of the time: the rest was not measured
}

// SelfRow is what pytop takes, in a snapshot.
type SelfRow struct {
	CPUShare float64 // of one core in the interval
	Memory   uint64  // resident bytes
	Maps     uint64  // bytes of kernel memory held by BPF maps; 0: not known
}

// Totals sums the processes.
type Totals struct {
	Calls, CallsDelta     uint64
	Resumes, ResumesDelta uint64
	CallsPerS             float64
	ResumesPerS           float64
}
