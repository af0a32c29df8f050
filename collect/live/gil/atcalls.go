package gil

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"pytop/bpf"
	"pytop/collect/elf"
	"pytop/collect/live/kernelmap"
	"pytop/collect/site"
)

// mostOther is the share of one core that hits of condition variables that are
// no GIL's may take from a process before its probes change over from libc's
// functions to the instructions of CPython's file that call them. It is a fifth
// of mostGIL, so that it is done before fields are read instead. Below it they
// stay: there nothing of the interpreter's text need be understood, and changing
// over takes pytop some 10 to 100 ms, once, for reading that text.
const mostOther = 0.01

// callsOf finds the instructions of a build's file that call what its libc has.
func (b *build) callsOf() (*conditions, error) {
	if b.calls != nil || b.callsErr != nil {
		return b.calls, b.callsErr
	}
	var found [][]site.Site
	e, err := elf.Of(b.File) // another than b.ELF, which would keep the whole text
	if err == nil {
		found, err = site.Callers(e, "pthread_cond_signal", "pthread_cond_timedwait", "pthread_cond_wait")
		err = errors.Join(err, e.Close())
	}
	if err != nil {
		b.callsErr = fmt.Errorf("%s: %w", b.Name, err)
		return nil, b.callsErr
	}
	b.calls = &conditions{id: b.ID, name: b.Name, file: b.File, elf: b.ELF, atCalls: true, signal: found[0], timedwait: found[1], wait: found[2]}
	return b.calls, nil
}

// sites is how many there are.
func (c *conditions) sites() int { return len(c.signal) + len(c.timedwait) + len(c.wait) }

// where says for people where the probes are.
func (c *conditions) where() string {
	if !c.atCalls {
		return "condition variables in " + c.name
	}
	return fmt.Sprintf("condition variables at %d call instructions in %s", c.sites(), c.name)
}

// cookie is what a probe tells the programs; see bpf/types.h.
func (c *conditions) cookie(s site.Site, index uint32) uint64 {
	k := uint64(index)
	if c.atCalls {
		k |= 1 << bpf.GILAtCallShift
	}
	if s.When == site.IfTaken {
		k |= 1<<bpf.GILIfTakenShift | uint64(s.Condition)<<bpf.GILConditionShift
	}
	return k
}

// probed is where a process's probes are, or will be.
func (g *followed) probed() *conditions {
	if g.calls != nil {
		return g.calls
	}
	return g.conditions
}

// relieve changes a process's probes over when other users of condition
// variables cost it much; not where the GIL alone would be above the limit. It
// tells whether that is done, so that there is nothing more to judge yet.
func (t *table) relieve(g *followed, rate, others, limit float64) bool {
	hit := g.price()
	if g.calls != nil || g.stays != "" || g.back != "" || hit.PerSecond(others) <= mostOther || hit.PerSecond(rate-others) > limit {
		return false
	}
	if err := t.changeOver(g, others); err != nil {
		t.fail(g, err)
		return true
	}
	return g.calls != nil
}

// changeOver moves a process's probes from libc's functions to the instructions
// that call them. The new ones are in place before the old ones go, and the
// programs count once what passes both (see repeated in bpf/gil.bpf.c), so that
// nothing is lost. That it cannot is a reason, and the probes stay.
func (t *table) changeOver(g *followed, others float64) error {
	stay := func(why error) {
		g.stays = fmt.Sprintf("probes stay in %s, where %.0f calls/s are about other condition variables: %v", g.conditions.name, others, why)
	}
	calls, err := g.build().callsOf()
	if err != nil {
		stay(err)
		return nil
	}
	if err := t.setPhase(g, bpf.GILOnce); err != nil {
		return err
	}
	links, err := t.attachConditions(calls, g.build().gil, g.Info.PID, g.index)
	if err != nil {
		stay(err)
		return t.setPhase(g, bpf.GILAll)
	}
	calls.followed++
	g.leaving, g.links, g.calls, g.changed = g.links, links, calls, time.Now()
	return nil
}

// settling is how long both probes stay in place while they change over. A
// thread may have passed a call before its probe was there, and be on its way to
// libc's, or wait in its trap for the kernel, which attaches meanwhile.
const settling = 250 * time.Millisecond

// settle ends a change over: libc's probes go, without anybody waiting for it.
// It tells whether there is none under way.
func (t *table) settle(g *followed) bool {
	if g.leaving == nil {
		return g.left == nil
	}
	if time.Since(g.changed) < settling {
		return false
	}
	old := g.leaving
	g.leaving = nil
	g.left = t.closeBeside(old, func(c *closing) {
		t.Lock.Lock()
		defer t.Lock.Unlock()
		if t.Shared.Closed || g.left != c { // all probes were taken out meanwhile
			return
		}
		g.left = nil
		g.conditions.followed--
		if err := errors.Join(c.err, t.setPhase(g, bpf.GILAll)); err != nil {
			t.fail(g, err)
			return
		}
		t.trust(g)
		t.rate(g, 0) // judged anew from here on
	})
	return false
}

// trust begins to watch whether what is counted agrees with CPython's own fields.
func (t *table) trust(g *followed) {
	for _, o := range g.gils {
		if n, err := t.state(o.index); o.active && err == nil {
			o.loose = o.loose || n.Number > n.NumberSwitches
		}
		o.base, o.based = t.offset(g, o)
	}
	g.disagreed = t.disagreements(g)
}

// setPhase tells the programs what to count.
func (t *table) setPhase(g *followed, phase uint64) error {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], phase)
	at := int64(g.index)*processSize + int64(unsafe.Offsetof(bpf.GILProcess{}.Phase))
	if _, err := t.processes.WriteAt(b[:], at); err != nil {
		return fmt.Errorf("tell what to count of the GIL: %w", err)
	}
	return nil
}

// offset is what CPython's own number of switches is ahead of those counted.
func (t *table) offset(g *followed, o *object) (uint64, bool) {
	if !o.active {
		return 0, false
	}
	n, err := t.state(o.index) // first: what happens until the other is read makes it too large
	if err != nil {
		return 0, false
	}
	own, err := g.memory.GIL(o.address)
	return own.SwitchNumber - n.Switches, err == nil
}

// disagreements are how often CPython's own fields did not agree with what was
// counted of the GILs that are followed: as the programs found, and, should they
// not be hit at all, as its number of switches tells.
func (t *table) disagreements(g *followed) (sum uint64) {
	const underWay = 2 // a switch is in CPython's number before it is counted
	for _, o := range g.gils {
		if !o.active {
			continue
		}
		own, ownErr := g.memory.GIL(o.address) // first, see offset
		n, err := t.state(o.index)
		if err != nil {
			continue
		}
		sum += n.Disorder + n.WrongLocked
		if o.shared || o.loose {
			continue
		}
		sum += kernelmap.Less(n.Number, n.NumberSwitches)
		if o.based && ownErr == nil {
			sum += kernelmap.Less(own.SwitchNumber-o.base, n.Switches+underWay)
		}
	}
	return sum
}

// watchCalls takes the probes back to libc's functions when what they count at
// the calls does not agree with CPython's own fields: some may be missing.
func (t *table) watchCalls(g *followed) {
	if g.calls == nil || g.links == nil || g.leaving != nil || t.disagreements(g) <= g.disagreed {
		return
	}
	began, where := time.Now(), g.calls.where()
	g.back = fmt.Sprintf("probes go back to %s, since what was counted at %s did not agree with CPython's own fields", g.conditions.name, where)
	t.unlinkBeside(g, func() { t.backToLibc(g, where, began) })
}

// backToLibc puts the probes back into libc's functions, for good; those at the
// calls were taken out.
func (t *table) backToLibc(g *followed, where string, began time.Time) {
	g.calls = nil
	if err := t.linkGIL(g); err != nil {
		t.fail(g, err)
		return
	}
	g.back = fmt.Sprintf("probes are back in %s, since what was counted at %s did not agree with CPython's own fields; nothing was counted for %d ms meanwhile", g.conditions.name, where, time.Since(began).Milliseconds())
}
