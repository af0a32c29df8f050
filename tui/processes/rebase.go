package processes

import (
	"time"

	"pytop/collect"
)

// processID tells a process from a later one with its PID; an exec keeps it.
type processID struct {
	pid   int
	start time.Time
}

func idOf(p *collect.Process) processID { return processID{p.PID, p.Start} }

// Rebase makes the totals of processes count from base on, those of
// processes that ended since as well; who ended before is no longer listed.
func (*Pane) Rebase(s *collect.Snapshot, base, cur *collect.Reading) {
	before := make(map[processID]*collect.ProcessReading, len(base.Processes))
	for i := range base.Processes {
		before[idOf(base.Processes[i].Process)] = &base.Processes[i]
	}
	take := func(p *collect.Process) *collect.ProcessReading {
		b := before[idOf(p)]
		delete(before, idOf(p))
		return b
	}
	s.Totals.Calls, s.Totals.Resumes = 0, 0
	s.Past = nil
	for _, p := range cur.Past[min(len(base.Past), len(cur.Past)):] {
		b := take(p.Process)
		if b != nil && b.State == collect.Ended {
			continue
		}
		rebaseProcess(&p, b)
		s.Past = append(s.Past, p)
		s.Totals.Calls += p.Calls
		s.Totals.Resumes += p.Resumes
	}
	most := heldMost(s.GILs)
	for i := range s.Processes {
		p := &s.Processes[i]
		b := take(p.Process)
		rebaseProcess(&p.ProcessReading, b)
		if g := most[p.Process.PID]; b != nil && g != nil {
			p.GIL.Held, p.GIL.Measured = g.Held, g.Measured
		}
		s.Totals.Calls += p.Calls
		s.Totals.Resumes += p.Resumes
	}
	more := collect.Totals{Calls: cur.PastMore.Calls - base.PastMore.Calls, Resumes: cur.PastMore.Resumes - base.PastMore.Resumes}
	for _, b := range before { // they ended, and there was no room in Past
		more.Calls -= min(more.Calls, b.Calls)
		more.Resumes -= min(more.Resumes, b.Resumes)
	}
	s.Totals.Calls += more.Calls
	s.Totals.Resumes += more.Resumes
}

// rebaseProcess makes the totals of a process count from b on; nil: all of them do.
func rebaseProcess(p, b *collect.ProcessReading) {
	if b == nil {
		return
	}
	p.Calls -= min(p.Calls, b.Calls)
	p.Resumes -= min(p.Resumes, b.Resumes)
	p.Counted -= min(p.Counted, b.Counted)
	p.GIL.Held -= min(p.GIL.Held, b.GIL.Held)
	p.GIL.Measured -= min(p.GIL.Measured, b.GIL.Measured)
}

// heldMost is the GIL of each process, by its PID; of several, the one that was
// held most since the base: it may not be the one that was before.
func heldMost(gils []collect.GILRow) map[int]*collect.GILRow {
	most := map[int]*collect.GILRow{}
	for i := range gils {
		g := &gils[i]
		if m := most[g.PID]; m == nil || g.Held > m.Held {
			most[g.PID] = g
		}
	}
	return most
}
