package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"pytop/bpf"
	"pytop/collect/elf"
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
	if b.gilCalls != nil || b.gilCallsErr != nil {
		return b.gilCalls, b.gilCallsErr
	}
	var found [][]site.Site
	e, err := elf.Open(b.path()) // another than b.elf, which would keep the whole text
	if err == nil {
		found, err = site.Callers(e, "pthread_cond_signal", "pthread_cond_timedwait", "pthread_cond_wait")
		err = errors.Join(err, e.Close())
	}
	if err != nil {
		b.gilCallsErr = fmt.Errorf("%s: %w", b.name, err)
		return nil, b.gilCallsErr
	}
	b.gilCalls = &conditions{id: b.id, name: b.name, file: b.file, elf: b.elf, atCalls: true, signal: found[0], timedwait: found[1], wait: found[2]}
	return b.gilCalls, nil
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
func (g *gilProcess) probed() *conditions {
	if g.calls != nil {
		return g.calls
	}
	return g.conditions
}

// relieve changes a process's probes over when other users of condition
// variables cost it much; not where the GIL alone would be above the limit. It
// tells whether that is done, so that there is nothing more to judge yet.
func (s *Source) relieve(p *process, rate, others, limit float64) bool {
	g, hit := p.gil, p.gilPrice()
	if g.calls != nil || g.stays != "" || g.back != "" || hit.PerSecond(others) <= mostOther || hit.PerSecond(rate-others) > limit {
		return false
	}
	if err := s.changeOver(p, others); err != nil {
		s.failGIL(p, err)
		return true
	}
	return g.calls != nil
}

// changeOver moves a process's probes from libc's functions to the instructions
// that call them. The new ones are in place before the old ones go, and the
// programs count once what passes both (see repeated in bpf/gil.bpf.c), so that
// nothing is lost. That it cannot is a reason, and the probes stay.
func (s *Source) changeOver(p *process, others float64) error {
	g := p.gil
	stay := func(why error) {
		g.stays = fmt.Sprintf("probes stay in %s, where %.0f calls/s are about other condition variables: %v", g.conditions.name, others, why)
	}
	calls, err := p.build.callsOf()
	if err != nil {
		stay(err)
		return nil
	}
	if err := s.setPhase(g, bpf.GILOnce); err != nil {
		return err
	}
	links, err := attachConditions(calls, p.build.gil, p.info.PID, g.index)
	if err != nil {
		stay(err)
		return s.setPhase(g, bpf.GILAll)
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
func (s *Source) settle(p *process) bool {
	g := p.gil
	if g.leaving == nil {
		return g.left == nil
	}
	if time.Since(g.changed) < settling {
		return false
	}
	old := g.leaving
	g.leaving = nil
	g.left = s.closeBeside(old, func(c *closing) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed || g.left != c { // all probes were taken out meanwhile
			return
		}
		g.left = nil
		g.conditions.followed--
		if err := errors.Join(c.err, s.setPhase(g, bpf.GILAll)); err != nil {
			s.failGIL(p, err)
			return
		}
		s.trust(g)
		s.rate(p, 0) // judged anew from here on
	})
	return false
}

// trust begins to watch whether what is counted agrees with CPython's own fields.
func (s *Source) trust(g *gilProcess) {
	for _, o := range g.gils {
		if n, err := s.gil.state(o.index); o.active && err == nil {
			o.loose = o.loose || n.Number > n.NumberSwitches
		}
		o.base, o.based = s.offset(g, o)
	}
	g.disagreed = s.disagreements(g)
}

// setPhase tells the programs what to count.
func (s *Source) setPhase(g *gilProcess, phase uint64) error {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], phase)
	at := int64(g.index)*processSize + int64(unsafe.Offsetof(bpf.GILProcess{}.Phase))
	if _, err := s.gil.processes.WriteAt(b[:], at); err != nil {
		return fmt.Errorf("tell what to count of the GIL: %w", err)
	}
	return nil
}

// offset is what CPython's own number of switches is ahead of those counted.
func (s *Source) offset(g *gilProcess, o *gilObject) (uint64, bool) {
	if !o.active {
		return 0, false
	}
	n, err := s.gil.state(o.index) // first: what happens until the other is read makes it too large
	if err != nil {
		return 0, false
	}
	own, err := g.memory.GIL(o.address)
	return own.SwitchNumber - n.Switches, err == nil
}

// disagreements are how often CPython's own fields did not agree with what was
// counted of the GILs that are followed: as the programs found, and, should they
// not be hit at all, as its number of switches tells.
func (s *Source) disagreements(g *gilProcess) (sum uint64) {
	const underWay = 2 // a switch is in CPython's number before it is counted
	for _, o := range g.gils {
		if !o.active {
			continue
		}
		own, ownErr := g.memory.GIL(o.address) // first, see offset
		n, err := s.gil.state(o.index)
		if err != nil {
			continue
		}
		sum += n.Disorder + n.WrongLocked
		if o.shared || o.loose {
			continue
		}
		sum += less(n.Number, n.NumberSwitches)
		if o.based && ownErr == nil {
			sum += less(own.SwitchNumber-o.base, n.Switches+underWay)
		}
	}
	return sum
}

// watchCalls takes the probes back to libc's functions when what they count at
// the calls does not agree with CPython's own fields: some may be missing.
func (s *Source) watchCalls(p *process) {
	g := p.gil
	if g.calls == nil || g.links == nil || g.leaving != nil || s.disagreements(g) <= g.disagreed {
		return
	}
	began, where := time.Now(), g.calls.where()
	g.back = fmt.Sprintf("probes go back to %s, since what was counted at %s did not agree with CPython's own fields", g.conditions.name, where)
	s.unlinkBeside(p, func() { s.backToLibc(p, where, began) })
}

// backToLibc puts the probes back into libc's functions, for good; those at the
// calls were taken out.
func (s *Source) backToLibc(p *process, where string, began time.Time) {
	g := p.gil
	g.calls = nil
	if err := s.linkGIL(p); err != nil {
		s.failGIL(p, err)
		return
	}
	g.back = fmt.Sprintf("probes are back in %s, since what was counted at %s did not agree with CPython's own fields; nothing was counted for %d ms meanwhile", g.conditions.name, where, time.Since(began).Milliseconds())
}
