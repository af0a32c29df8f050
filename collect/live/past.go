package live

import (
	"errors"
	"slices"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/proc"
)

// mostPast is how many processes that have ended are remembered one by one.
const mostPast = 4096

// past is what is left of processes that were dropped.
type past struct {
	rows     []collect.ProcessReading
	watched  int            // all of them that were CPythons
	more     collect.Totals // of those for which there was no room in rows
	lost     [5]uint64
	hits     uint64
	hitsLost uint64
	cost     time.Duration
	gil      pastGIL
}

func (t *past) add(p *process, r collect.ProcessReading) {
	if len(t.rows) < mostPast {
		t.rows = append(t.rows, r)
	} else {
		t.more.Calls += r.Calls
		t.more.Resumes += r.Resumes
	}
	for i := range t.lost {
		t.lost[i] += p.lost(i)
		if i != bpf.LostNames {
			t.hitsLost += p.lost(i)
		}
	}
	t.hits += p.spent.calls + p.spent.resumes + p.spent.other
	t.cost += p.tax + p.tail
}

// has tells whether a process is remembered that was dropped.
func (t *past) has(key bpf.ProcessKey) bool {
	start := proc.System().StartTime(uint64(key.Started))
	return slices.ContainsFunc(t.rows, func(r collect.ProcessReading) bool {
		return r.Process.PID == int(key.Pid) && r.Process.Start.Equal(start)
	})
}

// dropEnded frees what is held of processes that have ended, after a reading
// that shows their end; those that were asked for by PID stay.
func (s *Source) dropEnded() error {
	left := map[*process]bool{}
	var errs []error
	keep := s.order[:0]
	for _, p := range s.order {
		if p.gone == "" || p.asked || p.lingers() {
			keep = append(keep, p)
			continue
		}
		left[p] = true
		if p.build != nil {
			s.past.watched++
		}
		if p.total != (counts{}) || p.gil != nil {
			s.past.add(p, s.pastReading(p))
		}
		delete(s.processes, p.key)
		if p.links != nil && !p.links.shared {
			l := p.links
			s.stopped.Go(func() { _ = l.close() }) // takes some 50 ms; of a process that is gone
			p.links = nil
		}
	}
	clear(s.order[len(keep):])
	s.order = keep
	s.release()
	if len(left) == 0 {
		return nil
	}
	errs = append(errs, s.dropGILs(left), s.retire(left))
	s.functions.drop(left, s.options.Functions)
	for p := range left {
		errs = append(errs, s.deleteState(p.key))
	}
	return errors.Join(errs...)
}
