package live

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/cilium/ebpf"

	"pytop/collect"
)

// pastGIL is what is left of the GILs of processes that were dropped.
type pastGIL struct {
	followed, unfollowed int // processes
	weak                 int // of followed: those of which not all was seen
	hits, lost           uint64
	takes, drops, checks uint64
	cost                 time.Duration
}

// mostLingers is for how many readings a process that has ended is kept when
// some thread's end was not noted yet: it is, a moment after.
const mostLingers = 3

// lingers tells whether the kernel may still write what a thread of the
// process did: noted at the thread's end, which it is told after the process's.
func (p *process) lingers() bool {
	g := p.gil
	if g == nil || g.links == nil || g.unsettled == 0 || g.lingered >= mostLingers {
		return false
	}
	g.lingered++
	return true
}

// dropGILs frees what is held of the GILs of processes that have ended, after
// a reading that shows what they did.
func (s *Source) dropGILs(left map[*process]bool) error {
	if !s.options.GIL {
		return nil
	}
	var errs []error
	for p := range left {
		g := p.gil
		switch {
		case p.endedUnfollowed() && (g != nil || p.total != (counts{})):
			s.past.gil.unfollowed++
		case g != nil && len(g.gils)+len(g.worlds) > 0:
			s.past.gil.add(p)
		}
		if g == nil {
			continue
		}
		s.stopLight(p)
		g.endLooks()
		if g.links == nil {
			continue
		}
		if g.closing == nil {
			s.closeBeside(g.probes(), nil)
		}
		errs = append(errs, s.unlinked(p)) // nothing can hit them any more
	}
	if s.gil != nil {
		s.gil.forget(left)
		errs = append(errs, s.forgetStacks(left))
	}
	return errors.Join(errs...)
}

func (n *pastGIL) add(p *process) {
	g := p.gil
	n.followed++
	if g.weak() != "" {
		n.weak++
	}
	n.hits += g.spent + g.hitsNow()
	n.lost += g.now.Lost + g.done.Lost
	n.cost += p.gilTax + p.gilTail
	takes, drops, checks := g.checked()
	n.takes, n.drops, n.checks = n.takes+takes, n.drops+drops, n.checks+checks
}

// pastReading is what is kept of a process that has ended.
func (s *Source) pastReading(p *process) collect.ProcessReading {
	r := p.reading(s.polled, s.options.Functions)
	r.GIL = s.gilOf(p)
	if p.gil != nil {
		for _, o := range p.gil.gils {
			one := s.gilReading(p, o, nil)
			addGIL(&r.GIL, &one)
		}
	}
	return r
}

// forget drops the threads of processes.
func (t *gilTable) forget(left map[*process]bool) {
	of := func(o *gilThread) bool { return left[o.process] }
	t.all = slices.DeleteFunc(t.all, of)
	maps.DeleteFunc(t.byTID, func(_ threadName, o *gilThread) bool { return of(o) })
	maps.DeleteFunc(t.slots, func(_ uint64, o *gilThread) bool { return of(o) })
}

// forgetStacks drops what processes' stacks are called: a later process with
// the same PID may have other code at the same addresses.
func (s *Source) forgetStacks(left map[*process]bool) error {
	pids := map[int]bool{}
	for p := range left {
		pids[p.info.PID] = true
	}
	var dead []uint64
	for key, one := range s.gil.stacks {
		if pids[one.pid] {
			dead = append(dead, key)
			delete(s.gil.stacks, key)
		}
	}
	var errs []error
	for i := range dead {
		if err := s.maps.BlameStacks.Delete(&dead[i]); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
