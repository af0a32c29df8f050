package gil

import (
	"fmt"
	"math"
	"time"

	"pytop/collect/live/kernelmap"
	"pytop/collect/live/words"
)

const (
	// tick is how often interpreters are looked for that came or went.
	tick = 50 * time.Millisecond
	// startTick is the same while Python has not started: takes come at once.
	startTick = 2 * time.Millisecond
	// mostGIL is the share of one core that following a GIL may take from a
	// process; above it, its fields are read from outside instead.
	mostGIL = 0.05
	// lookEvery and lookFor are how often and how long probes look whether
	// they could stay: reading fields does not tell how often it is taken.
	lookEvery = 3 * time.Second
	lookFor   = 20 * time.Millisecond
	// sampleEvery is how far apart reads of fields are, of all processes together.
	sampleEvery = time.Millisecond
	// mostLooking is how many processes' probes look at the same time.
	mostLooking = 4
)

// judged is what following had cost when it was judged last.
type judged struct {
	at           time.Time
	spent, other uint64
}

// keep keeps one process's. Its interpreters are listed so far apart; its
// probes may begin to look whether they could stay.
func (t *table) keep(g *followed, apart time.Duration, mayLook bool) {
	if g.closing != nil {
		return
	}
	if g.links == nil && g.sampler == nil {
		return
	}
	due := !g.started || time.Since(g.found) >= apart-tick/2
	if due {
		g.found = time.Now()
		if err := t.find(g); err != nil {
			t.fail(g, err)
			return
		}
	}
	if g.sampler != nil {
		g.sampler.watch(g.gils)
		t.keepSampling(g, mayLook)
		return
	}
	for _, o := range g.gils {
		if !o.active {
			o.looks.end()
			continue
		}
		now := kernelmap.Now() // the state is as of this, or later
		if n, err := t.state(o.index); err == nil {
			g.noteLongHold(o, o.heldSince(n), now)
		}
	}
	if !t.settle(g) {
		return
	}
	if due {
		t.watchCalls(g)
	}
	if g.closing != nil {
		return
	}
	after := time.Second
	if g.judged.at.Equal(g.attached) {
		after = 4 * tick // the first time: it may be a storm
	}
	t.judge(g, after)
}

// rate is how many hits a second following costs since it was judged last, and
// how many of these are about condition variables that are no GIL's; false:
// that is not long ago enough.
func (t *table) rate(g *followed, after time.Duration) (rate, others float64, ok bool) {
	took := time.Since(g.judged.at)
	if took < after {
		return 0, 0, false
	}
	now, err := t.process(g.index)
	if err != nil {
		return 0, 0, false
	}
	spent := now.Other
	for _, o := range g.gils {
		if o.active {
			if n, err := t.state(o.index); err == nil {
				spent += n.Takes + n.Drops + n.Forced + n.Steps
			}
		}
	}
	rate = float64(kernelmap.Less(spent, g.judged.spent)) / took.Seconds()
	others = float64(kernelmap.Less(now.Other, g.judged.other)) / took.Seconds()
	g.judged = judged{time.Now(), spent, now.Other}
	return rate, others, true
}

// judge changes over to the calls when it is others that cost much, and goes
// over to reading fields when probes cost too much.
func (t *table) judge(g *followed, after time.Duration) {
	rate, others, ok := t.rate(g, after)
	if !ok {
		return
	}
	limit := float64(mostGIL)
	if g.Forced || t.Budget <= 0 {
		limit = math.Inf(1)
	}
	if t.relieve(g, rate, others, limit) {
		return
	}
	if cost := g.price().PerSecond(rate); cost > limit {
		g.reason = fmt.Sprintf("shares are estimates, from its fields: probes took ~%.0f %% of a core when they were in last (%s condition variable calls/s), the limit is %.0f %%",
			100*cost, words.Rate(rate), 100*mostGIL)
		t.unlinkBeside(g, func() { t.beginSampling(g) })
	}
}
