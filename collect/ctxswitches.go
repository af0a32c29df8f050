package collect

import "time"

// CtxSwitches counts how often threads leave the CPU.
var CtxSwitches = Kind{
	Name: "ctxswitches", Title: "context switches", Measures: "how often each thread leaves its CPU, by itself or preempted", Diff: diffCtxSwitches,
}

// ThreadSwitches is how often one thread has left its CPU, at one instant.
type ThreadSwitches struct {
	PID, TID    int
	Name        string // comm, not sanitised
	Voluntary   uint64 // since the thread started: it blocked, or yielded
	Involuntary uint64 // since the thread started: it was preempted
}

// ThreadSwitchesRow is a thread's context switches in a snapshot.
type ThreadSwitchesRow struct {
	ThreadSwitches
	VoluntaryPerS, InvoluntaryPerS float64 // in the interval
	Counting                       bool    // it was there at the interval's beginning, so that the rates are measured
}

// diffCtxSwitches: how often threads left their CPU between two readings.
func diffCtxSwitches(prev, cur *Reading, s *Snapshot) {
	type thread struct{ pid, tid int }
	before := make(map[thread]ThreadSwitches, len(prev.CtxSwitches))
	for _, t := range prev.CtxSwitches {
		before[thread{t.PID, t.TID}] = t
	}
	interval := time.Duration(0)
	if !prev.Time.IsZero() {
		interval = cur.Time.Sub(prev.Time)
	}
	for _, t := range cur.CtxSwitches {
		row := ThreadSwitchesRow{ThreadSwitches: t}
		b, known := before[thread{t.PID, t.TID}]
		if known && interval > 0 && b.Voluntary <= t.Voluntary && b.Involuntary <= t.Involuntary { // else another thread has its number now
			row.Counting = true
			row.VoluntaryPerS = perSecond(t.Voluntary-b.Voluntary, interval)
			row.InvoluntaryPerS = perSecond(t.Involuntary-b.Involuntary, interval)
		}
		s.CtxSwitches = append(s.CtxSwitches, row)
	}
}
