package functions

import (
	"math"
	"slices"

	"pytop/collect"
)

// pidSet is a few PIDs.
type pidSet []int

func (p pidSet) has(pid int) bool { return slices.Contains(p, pid) }

func countedPIDs(s *collect.Snapshot) pidSet {
	var pids pidSet
	for _, p := range s.Processes {
		if p.Counting {
			pids = append(pids, p.Process.PID)
		}
	}
	return pids
}

// mostlyCounted is the processes of which at least half of the interval was
// counted. Of more than that is left out it is not known what was called: while
// pytop was suspended, say, which is all in one interval.
func mostlyCounted(s *collect.Snapshot) pidSet {
	var pids pidSet
	for i := range s.Processes {
		if p := &s.Processes[i]; mostly(p, s) {
			pids = append(pids, p.Process.PID)
		}
	}
	return pids
}

func mostly(p *collect.ProcessRow, s *collect.Snapshot) bool {
	return p.Counting && 2*p.CountedDelta >= s.Interval
}

// hole tells whether of no process most of the interval was counted. Who ended
// before goes on to be counted, and says nothing of the others.
func hole(s *collect.Snapshot) bool {
	return !slices.ContainsFunc(s.Processes, func(p collect.ProcessRow) bool {
		over := p.State == collect.Ended && p.CallsDelta+p.ResumesDelta == 0 && !s.Final
		return mostly(&p, s) && !over
	})
}

func holes(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}
