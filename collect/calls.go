package collect

import "time"

// Calls counts the calls of Python functions.
var Calls = Kind{Name: "calls", Title: "calls", Measures: "how often each function is called and resumed", Default: true, Diff: diffCalls}

// CallsStatus says how true the counts of calls are.
type CallsStatus string

// The values of CallsStatus.
const (
	Exact      CallsStatus = "exact"
	Estimate   CallsStatus = "estimate"
	LowerBound CallsStatus = "lower_bound"
	Off        CallsStatus = "off"
)

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

// Totals sums the processes.
type Totals struct {
	Calls, CallsDelta     uint64
	Resumes, ResumesDelta uint64
	CallsPerS             float64
	ResumesPerS           float64
}

// diffCalls makes the part of a snapshot that is about calls: of each process,
// of all of them together, and of each function.
func diffCalls(prev, cur *Reading, s *Snapshot) {
	s.Focus, s.ByThread = cur.Focus, cur.ByThread
	before := earlierOf(prev.Processes)
	for i := range s.Processes {
		diffProcessCalls(before, &s.Processes[i], cur.Time, s.Interval)
	}
	s.Totals = sumCalls(s, cur.PastMore)
	s.Functions = diffCodes(prev.Codes, cur.Codes, s.Processes, s.Totals.CallsDelta)
}

// diffProcessCalls sets what a process's row says of its calls in the interval.
func diffProcessCalls(before earlier, r *ProcessRow, now time.Time, interval time.Duration) {
	b := before.of(r.Process)
	r.CallsDelta, r.ResumesDelta = grown(b.Calls, r.Calls), grown(b.Resumes, r.Resumes)
	r.CountedDelta = enough(countedPart(b, &r.ProcessReading, now, interval), interval)
	r.Counting = r.CountedDelta > 0
	r.CallsPerS = perSecond(r.CallsDelta, r.CountedDelta)
	r.ResumesPerS = perSecond(r.ResumesDelta, r.CountedDelta)
}

// countedPart is CountedDelta. A process that was not there before made no
// calls until it started: of the interval the same share was counted as of its
// life. Else one that lived for milliseconds would have a rate of thousands a
// second, and a sum of such rates would be none. Nor does one make any after its
// end, so that this counts as counted.
func countedPart(prev, cur *ProcessReading, now time.Time, interval time.Duration) time.Duration {
	counted := cur.Counted - prev.Counted
	if cur.State == Ended && counted > 0 {
		return interval
	}
	life := max(counted, now.Sub(cur.Process.Start))
	if prev.Process != nil || life >= interval {
		return counted
	}
	return time.Duration(share(counted, life) * float64(interval))
}

// sumCalls sums the calls of all processes; of those that ended, more are those
// before s.Past.
func sumCalls(s *Snapshot, more Totals) Totals {
	sum := Totals{Calls: more.Calls, Resumes: more.Resumes}
	for i := range s.Past {
		sum.Calls += s.Past[i].Calls
		sum.Resumes += s.Past[i].Resumes
	}
	for i := range s.Processes {
		p := &s.Processes[i]
		sum.Calls += p.Calls
		sum.Resumes += p.Resumes
		sum.CallsDelta += p.CallsDelta
		sum.ResumesDelta += p.ResumesDelta
		sum.CallsPerS += p.CallsPerS
		sum.ResumesPerS += p.ResumesPerS
	}
	return sum
}

// diffCodes walks both lists in step: they are in ascending ID.
func diffCodes(prev, cur []CodeCount, processes []ProcessRow, all uint64) []FunctionRow {
	byKey := make(map[processKey]*ProcessRow, 2*len(processes))
	for i := range processes {
		p := processes[i].Process
		byKey[processKey{p.PID, p.Start}] = &processes[i]
		byKey[processKey{p.PID, time.Time{}}] = &processes[i]
	}
	folded := Folded(prev, cur)
	rows := make([]FunctionRow, len(cur))
	var process *ProcessRow // of the row before: mostly the same
	for i, c := range cur {
		for len(prev) > 0 && prev[0].Code.ID < c.Code.ID {
			prev = prev[1:]
		}
		var b CodeCount
		if len(prev) > 0 && prev[0].Code.ID == c.Code.ID {
			b = prev[0]
		}
		if c.Code.More {
			b.Calls, b.Resumes = b.Calls+folded[c.Code.ID].Calls, b.Resumes+folded[c.Code.ID].Resumes
		}
		if process == nil || process.Process.PID != c.Code.PID || !process.Process.Start.Equal(c.Code.Start) {
			process = byKey[processKey{c.Code.PID, c.Code.Start}]
		}
		r := FunctionRow{
			Code: c.Code, Calls: c.Calls, Resumes: c.Resumes, HasResumes: c.HasResumes,
			CallsDelta: grown(b.Calls, c.Calls), ResumesDelta: grown(b.Resumes, c.Resumes), Status: Off,
		}
		if c.Code.PID == 0 { // what grew was counted in its processes' own rows
			r.CallsDelta, r.ResumesDelta, r.Status = 0, 0, Exact
			if c.AtLeast {
				r.Status = LowerBound
			}
		}
		if all > 0 {
			r.CallsShare = float64(r.CallsDelta) / float64(all)
		}
		if process != nil {
			r.Status = process.Status
			r.CallsPerS = perSecond(r.CallsDelta, process.CountedDelta)
			r.ResumesPerS = perSecond(r.ResumesDelta, process.CountedDelta)
		}
		rows[i] = r
	}
	return rows
}
