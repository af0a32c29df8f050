package target

import (
	"errors"
	"slices"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/proc"
)

// mostPast is how many processes that have ended are remembered one by one.
const mostPast = 4096

// Ended is what is left of processes that were dropped.
type Ended struct {
	Rows    []collect.ProcessReading
	Watched int            // all of them that were CPythons
	More    collect.Totals // of those for which there was no room in Rows
}

func (t *Ended) add(r collect.ProcessReading) {
	if len(t.Rows) < mostPast {
		t.Rows = append(t.Rows, r)
		return
	}
	t.More.Calls += r.Calls
	t.More.Resumes += r.Resumes
}

// has tells whether a process is remembered that was dropped.
func (t *Ended) has(key bpf.ProcessKey) bool {
	start := proc.System().StartTime(uint64(key.Started))
	return slices.ContainsFunc(t.Rows, func(r collect.ProcessReading) bool {
		return r.Process.PID == int(key.Pid) && r.Process.Start.Equal(start)
	})
}

// DropEnded frees what is held of processes that have ended, after a reading
// that shows their end; those that were asked for by PID stay.
func (s *Set) DropEnded() error {
	left := map[*Process]bool{}
	keep := s.Order[:0]
	for _, p := range s.Order {
		if p.Gone == "" || p.Asked || p.late || s.probes.Lingers(p) {
			keep = append(keep, p)
			continue
		}
		if p.Build != nil {
			s.Ended.Watched++
		}
		r, measured := s.probes.ReadProcess(p)
		if left[p] = measured; measured {
			s.Ended.add(r)
		}
		delete(s.processes, p.Key)
	}
	clear(s.Order[len(keep):])
	s.Order = keep
	s.release()
	if len(left) == 0 {
		return nil
	}
	errs := []error{s.probes.Drop(left)}
	for p := range left {
		errs = append(errs, s.deleteState(p.Key))
	}
	return errors.Join(errs...)
}
