package live

import (
	"fmt"
	"math"
	"time"
)

const (
	// gilTick is how often interpreters are looked for that came or went.
	gilTick = 50 * time.Millisecond
	// startTick is the same while Python has not started: takes come at once.
	startTick = 2 * time.Millisecond
	// mostGIL is the share of one core that following a GIL may take from a
	// process; above it, its fields are read from outside instead.
	mostGIL = 0.05
	// lookEvery and lookFor are how often and how long probes look whether
	// they could stay: reading fields does not tell how often it is taken.
	lookEvery = 3 * time.Second
	lookFor   = 20 * time.Millisecond
	// lightStep is how far apart reads of fields are, of all processes together.
	lightStep = time.Millisecond
	// mostLooking is how many processes' probes look at the same time.
	mostLooking = 4
)

// judged is what following had cost when it was judged last.
type judged struct {
	at           time.Time
	spent, other uint64
}

// keepGIL does for GILs what must be done often, also when nobody reads.
func (s *Source) keepGIL() {
	defer s.stopped.Done()
	for next := startTick; ; {
		select {
		case <-s.stop:
			return
		case <-time.After(next):
		}
		next = gilTick
		s.mu.Lock()
		if !s.closed && s.options.GIL {
			next = s.keepGILs()
		}
		s.mu.Unlock()
	}
}

// keepGILOf keeps one process's. Its interpreters are listed so far apart; its
// probes may begin to look whether they could stay.
func (s *Source) keepGILOf(p *process, apart time.Duration, mayLook bool) {
	g := p.gil
	if g.closing != nil {
		return
	}
	if g.world != nil {
		s.keepWorld(p, apart, mayLook)
		return
	}
	if g.links == nil && g.light == nil {
		return
	}
	due := !g.started || time.Since(g.found) >= apart-gilTick/2
	if due {
		g.found = time.Now()
		if err := s.findGILs(p); err != nil {
			s.failGIL(p, err)
			return
		}
	}
	if g.light != nil {
		g.light.watch(g.gils)
		s.keepLight(p, mayLook)
		return
	}
	for _, o := range g.gils {
		if !o.active {
			o.looks.end()
			continue
		}
		now := monotonic() // the state is as of this, or later
		if n, err := s.gil.state(o.index); err == nil {
			g.noteLongHold(o, o.heldSince(n), now)
		}
	}
	if !s.settle(p) {
		return
	}
	if due {
		s.watchCalls(p)
	}
	if g.closing != nil {
		return
	}
	after := time.Second
	if g.judged.at.Equal(g.attached) {
		after = 4 * gilTick // the first time: it may be a storm
	}
	s.judgeGIL(p, after)
}

// rate is how many hits a second following costs since it was judged last, and
// how many of these are about condition variables that are no GIL's; false:
// that is not long ago enough.
func (s *Source) rate(p *process, after time.Duration) (rate, others float64, ok bool) {
	g := p.gil
	took := time.Since(g.judged.at)
	if took < after {
		return 0, 0, false
	}
	now, err := s.gil.process(g.index)
	if err != nil {
		return 0, 0, false
	}
	spent := now.Other
	for _, o := range g.gils {
		if o.active {
			if n, err := s.gil.state(o.index); err == nil {
				spent += n.Takes + n.Drops + n.Forced + n.Steps
			}
		}
	}
	rate = float64(less(spent, g.judged.spent)) / took.Seconds()
	others = float64(less(now.Other, g.judged.other)) / took.Seconds()
	g.judged = judged{time.Now(), spent, now.Other}
	return rate, others, true
}

// judgeGIL changes over to the calls when it is others that cost much, and goes
// over to reading fields when probes cost too much.
func (s *Source) judgeGIL(p *process, after time.Duration) {
	rate, others, ok := s.rate(p, after)
	if !ok {
		return
	}
	limit := float64(mostGIL)
	if p.forced || s.options.Budget <= 0 {
		limit = math.Inf(1)
	}
	if s.relieve(p, rate, others, limit) {
		return
	}
	if cost := p.gilPrice().PerSecond(rate); cost > limit {
		p.gil.reason = fmt.Sprintf("shares are estimates, from its fields: probes took ~%.0f %% of a core when they were in last (%s condition variable calls/s), the limit is %.0f %%",
			100*cost, rounded(rate), 100*mostGIL)
		s.unlinkBeside(p, func() { s.lighten(p) })
	}
}
