package collect

import "time"

// ThreadReading is one thread of a process at one instant; counts are
// cumulative. What goes on at that instant is in Hold and Wait already.
type ThreadReading struct {
	ID          uint64 // unique within a source, never 0: TIDs are used again
	PID         int
	TID         int // 0: all threads that ended long ago together
	Name        string
	Interpreter int64         // the ID of its interpreter; negative: not known
	State       string        // "running", "sleeping", "disk sleep", "stopped", "traced"; empty: not known
	Place       Place         // what it runs; zero: not known, or no Python
	Ended       bool          // it is no more
	CPU         time.Duration // that it has used
	RunQueue    time.Duration // that it was ready to run and another ran
	CPUKnown    bool

	// Measured: what follows was measured, by GILStatus of its process's GIL;
	// else it is not known.
	Measured bool
	Holds    uint64        // takes of a GIL
	Hold     time.Duration // that it held one
	HoldMax  time.Duration
	Holding  time.Duration // of the hold that goes on; 0: it holds none
	Waits    uint64        // takes for which it had to wait
	Wait     time.Duration
	WaitMax  time.Duration
	Waiting  time.Duration // of the wait that goes on; 0: it does not wait
	Forced   uint64        // drops that it was made to
	HoldHist []uint64      // bucket i counts holds of [2^i, 2^(i+1)) ns
	WaitHist []uint64
	Caused   time.Duration // that others waited while it held the GIL

	// NoGIL: its process has none (free-threaded), and holds, forced drops and
	// Caused do not apply. Waits are those for mutexes, and:
	NoGIL    bool
	Pauses   uint64        // that it was kept from running since the world was stopped
	Pause    time.Duration // what goes on is in there
	PauseMax time.Duration
	Pausing  time.Duration // of the pause that goes on; 0: none does
	Parks    uint64        // that it waited for something else in the parking lot: an event, a queue, …
	Park     time.Duration
}

// ThreadRow is a thread in a snapshot.
type ThreadRow struct {
	ThreadReading
	HoldsDelta  uint64
	HoldsPerS   float64
	HoldShare   float64 // of the interval, 0..1
	WaitShare   float64
	CausedShare float64 // may be above 1: several may wait
	CPUShare    float64
	RunShare    float64 // RunQueue's
	WaitsDelta  uint64
	WaitsPerS   float64
	PauseShare  float64
	// Counting: it was measured during the interval.
	Counting bool
}

// diffThreads: what threads did between two readings that lie so far apart.
func diffThreads(prev, cur []ThreadReading, gils []GILRow, worlds []WorldRow, interval time.Duration) []ThreadRow {
	before := make(map[uint64]*ThreadReading, len(prev))
	for i := range prev {
		before[prev[i].ID] = &prev[i]
	}
	followed := map[int]time.Duration{} // by PID
	for _, g := range gils {
		if g.Counting {
			followed[g.PID] = max(followed[g.PID], g.in)
		}
	}
	for _, w := range worlds {
		if w.Counting {
			followed[w.PID] = max(followed[w.PID], w.in)
		}
	}
	rows := make([]ThreadRow, len(cur))
	for i := range cur {
		t := ThreadRow{ThreadReading: cur[i]}
		var b ThreadReading
		if p := before[t.ID]; p != nil {
			b = *p
			t.CPUShare, t.RunShare = share(t.CPU-b.CPU, interval), share(t.RunQueue-b.RunQueue, interval)
		}
		in := followed[t.PID]
		t.Counting = in > 0 && t.Measured
		t.HoldsDelta = grown(b.Holds, t.Holds)
		t.HoldsPerS = perSecond(t.HoldsDelta, in)
		t.HoldShare = min(1, share(t.Hold-b.Hold, in))
		t.WaitShare = min(1, share(t.Wait-b.Wait, in))
		t.WaitsDelta = grown(b.Waits, t.Waits)
		t.WaitsPerS = perSecond(t.WaitsDelta, in)
		t.PauseShare = min(1, share(t.Pause-b.Pause, in))
		t.CausedShare = share(t.Caused-b.Caused, in)
		rows[i] = t
	}
	return rows
}
