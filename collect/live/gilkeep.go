package live

import (
	"fmt"
	"sync"
	"time"

	"pytop/collect"
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
	lightStep = time.Millisecond
)

// judged is what following had cost when it was judged last.
type judged struct {
	at    time.Time
	spent uint64
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
		if !s.closed {
			for _, p := range s.order {
				if p.gil != nil && p.gone == "" && !p.hasEnded() {
					if p.gil.early && !p.braked {
						s.attachGIL(p)
					}
					s.keepGILOf(p)
					if s.options.FromStart && !p.gil.started && time.Since(p.attached) < time.Minute {
						next = startTick
					}
				}
			}
		}
		s.mu.Unlock()
	}
}

func (s *Source) keepGILOf(p *process) {
	g := p.gil
	if g.world != nil {
		s.keepWorld(p)
		return
	}
	if g.links == nil && g.light == nil {
		return
	}
	if err := s.findGILs(p); err != nil {
		_ = s.detachGIL(p, "")
		g.status, g.reason = collect.ProbeFailed, err.Error()
		return
	}
	if g.light != nil {
		g.light.watch(g.gils)
		if time.Since(g.lightSince) >= lookEvery {
			s.look(p)
		}
		return
	}
	for _, o := range g.gils {
		if !o.active {
			continue
		}
		if n, err := s.gil.state(o.index); err == nil {
			g.noteLongHold(o, n.Since, monotonic())
		}
	}
	_ = s.nameStacks() // the next poll says what is wrong
	after := time.Second
	if g.judged.at.Equal(g.attached) {
		after = 4 * gilTick // the first time: it may be a storm
	}
	s.judgeGIL(p, after)
}

// rate is how many hits a second following costs since it was judged last;
// false: that is not long ago enough.
func (s *Source) rate(p *process, after time.Duration) (float64, bool) {
	g := p.gil
	took := time.Since(g.judged.at)
	if took < after {
		return 0, false
	}
	now, err := s.gil.process(g.index)
	if err != nil {
		return 0, false
	}
	spent := now.Other
	for _, o := range g.gils {
		if o.active {
			if n, err := s.gil.state(o.index); err == nil {
				spent += n.Takes + n.Drops + n.Forced + n.Steps
			}
		}
	}
	rate := float64(less(spent, g.judged.spent)) / took.Seconds()
	g.judged = judged{time.Now(), spent}
	return rate, true
}

// judgeGIL goes over to reading fields when probes cost too much.
func (s *Source) judgeGIL(p *process, after time.Duration) {
	rate, ok := s.rate(p, after)
	if !ok || p.forced || s.options.Budget <= 0 {
		return
	}
	if cost := p.build.gilPrice.perSecond(rate); cost > mostGIL {
		s.lighten(p, fmt.Sprintf("probes would take ~%.0f %% of a core (%.0f condition variable calls/s), the limit is %.0f %%: its fields are read %d times a second instead, shares are estimates",
			100*cost, rate, 100*mostGIL, time.Second/lightStep))
	}
}

// lighten takes the probes out and reads the GIL's fields instead.
func (s *Source) lighten(p *process, why string) {
	g := p.gil
	if err := s.unlinkGIL(p); err != nil {
		g.status, g.reason = collect.ProbeFailed, err.Error()
		return
	}
	g.reason, g.lightSince = why, time.Now()
	if g.light == nil {
		g.light = &light{stop: make(chan struct{}), done: make(chan struct{})}
		g.light.watch(g.gils)
		go g.light.run(g)
	}
}

// look puts the probes in for a moment, to see whether they can stay.
func (s *Source) look(p *process) {
	g := p.gil
	if err := s.linkGIL(p); err != nil {
		g.lightSince = time.Now()
		return
	}
	time.Sleep(lookFor)
	rate, _ := s.rate(p, 0)
	if cost := p.build.gilPrice.perSecond(rate); cost > mostGIL/2 {
		s.lighten(p, g.reason)
		return
	}
	s.stopLight(p)
	g.reason = ""
}

func (s *Source) stopLight(p *process) {
	g := p.gil
	if g.light == nil {
		return
	}
	close(g.light.stop)
	<-g.light.done
	g.light.collect(s, p)
	g.light = nil
}

// light reads the fields of a process's GILs at short intervals.
type light struct {
	stop, done chan struct{}

	mu   sync.Mutex
	gils map[*gilObject]*lightSample
}

// lightSample is what was read of one GIL since it was collected.
type lightSample struct {
	last          time.Time
	first, number uint64 // switch_number
	begun         bool
	held          map[uint64]time.Duration // by thread state; 0: nobody
	locked        bool
	holder        uint64
}

// lightCounts is what sampling found of a GIL.
type lightCounts struct {
	measured, held time.Duration
	switches       uint64
	holder         uint64 // thread state; 0: nobody
}

func (l *light) run(g *gilProcess) {
	defer close(l.done)
	tick := time.NewTicker(lightStep)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-tick.C:
			l.sample(g, now)
		}
	}
}

// watch makes the GILs those that are sampled.
func (l *light) watch(gils []*gilObject) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gils == nil {
		l.gils = map[*gilObject]*lightSample{}
	}
	for _, o := range gils {
		if o.gone {
			continue
		}
		if l.gils[o] == nil {
			l.gils[o] = &lightSample{held: map[uint64]time.Duration{}}
		}
	}
}

func (l *light) sample(g *gilProcess, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for o, m := range l.gils {
		n, err := g.memory.GIL(o.address)
		if err != nil {
			continue // it has ended
		}
		if !m.begun {
			m.begun, m.first = true, n.SwitchNumber
		} else {
			who := uint64(0)
			if n.Locked {
				who = n.LastHolder
			}
			m.held[who] += now.Sub(m.last)
		}
		m.last, m.number, m.locked, m.holder = now, n.SwitchNumber, n.Locked, n.LastHolder
	}
}

// collect adds what was sampled to what is known of GILs and threads.
func (l *light) collect(s *Source, p *process) {
	g := p.gil
	l.mu.Lock()
	defer l.mu.Unlock()
	for o, m := range l.gils {
		if o.id == 0 {
			s.gil.lastID++
			o.id = s.gil.lastID
		}
		for state, d := range m.held {
			o.light.measured += d
			if state == 0 {
				continue
			}
			o.light.held += d
			if tid, err := g.memory.ThreadTID(state); err == nil {
				if tid = g.outer(tid); tid != 0 && p.hasThread(tid) {
					t := s.gil.thread(p, tid)
					t.done.hold += uint64(d)
					t.done.sampled += uint64(d)
				}
			}
		}
		m.held = map[uint64]time.Duration{}
		if m.begun && m.number >= m.first {
			o.light.switches += m.number - m.first
			m.first = m.number
		}
		o.light.holder = 0
		if m.locked {
			o.light.holder = m.holder
		}
	}
}

// holderTID is who held it at the last sample; 0: nobody.
func (c *lightCounts) holderTID(g *gilProcess) int {
	if c.holder == 0 || g.light == nil {
		return 0
	}
	tid, err := g.memory.ThreadTID(c.holder)
	if err != nil {
		return 0
	}
	return g.outer(tid)
}
