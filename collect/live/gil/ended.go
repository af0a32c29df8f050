package gil

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/cilium/ebpf"

	"pytop/collect/live/target"
)

// ended is what is left of the GILs of processes that were dropped.
type ended struct {
	followed, unfollowed int // processes
	weak                 int // of followed: those of which not all was seen
	hits, lost           uint64
	takes, drops, checks uint64
	cost                 time.Duration
}

// mostLingers is for how many readings a process that has ended is kept when
// some thread's end was not noted yet: it is, a moment after.
const mostLingers = 3

// drop frees what is held of processes that have ended, after a reading that
// shows what they did.
func (t *table) drop(ended map[*target.Process]bool) error {
	if !t.Asked {
		return nil
	}
	left := map[*followed]bool{}
	var errs []error
	for p, measured := range ended {
		g := t.of[p]
		switch {
		case t.endedUnfollowed(p) && measured:
			t.ended.unfollowed++
		case g != nil && len(g.gils)+len(g.worlds) > 0:
			t.ended.add(g)
		}
		if g == nil {
			continue
		}
		left[g] = true
		t.stopSampling(g)
		g.endLooks()
		if g.links == nil {
			continue
		}
		if g.closing == nil {
			t.closeBeside(g.probes(), nil)
		}
		errs = append(errs, t.unlinked(g)) // nothing can hit them any more
	}
	t.forget(left)
	errs = append(errs, t.forgetStacks(left))
	for g := range left {
		delete(t.of, g.Process)
	}
	return errors.Join(errs...)
}

func (n *ended) add(g *followed) {
	n.followed++
	if g.weak() != "" {
		n.weak++
	}
	n.hits += g.spent + g.hitsNow()
	n.lost += g.now.Lost + g.done.Lost
	n.cost += g.Accounts[g.table.Index].All()
	takes, drops, checks := g.checked()
	n.takes, n.drops, n.checks = n.takes+takes, n.drops+drops, n.checks+checks
}

// forget drops the threads of processes.
func (t *table) forget(left map[*followed]bool) {
	of := func(o *thread) bool { return left[o.process] }
	t.all = slices.DeleteFunc(t.all, of)
	maps.DeleteFunc(t.byTID, func(_ threadName, o *thread) bool { return of(o) })
	maps.DeleteFunc(t.slots, func(_ uint64, o *thread) bool { return of(o) })
}

// forgetStacks drops what processes' stacks are called: a later process with
// the same PID may have other code at the same addresses.
func (t *table) forgetStacks(left map[*followed]bool) error {
	pids := map[int]bool{}
	for g := range left {
		pids[g.Info.PID] = true
	}
	var dead []uint64
	for key, one := range t.stacks {
		if pids[one.pid] {
			dead = append(dead, key)
			delete(t.stacks, key)
		}
	}
	var errs []error
	for i := range dead {
		if err := t.Maps.BlameStacks.Delete(&dead[i]); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
