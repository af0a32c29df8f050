package gil

import (
	"sync"
	"sync/atomic"
	"time"

	"pytop/collect/live/inspect"
)

// beginSampling reads a process's GIL's fields instead of following it by probes,
// which were taken out.
func (t *table) beginSampling(g *followed) {
	g.sampledSince = time.Now()
	if g.sampler != nil {
		g.sampler.pause(false)
		return
	}
	g.sampler = &sampler{stop: make(chan struct{}), done: make(chan struct{}), among: &t.sampling}
	t.sampling.Add(1)
	g.sampler.watch(g.gils)
	go g.sampler.run(g)
}

// keepSampling lets probes look, now and then, whether they can stay.
func (t *table) keepSampling(g *followed, mayLook bool) {
	switch {
	case g.lookingSince.IsZero() && mayLook && time.Since(g.sampledSince) >= lookEvery:
		g.sampledSince = time.Now()
		g.sampler.collect(t, g)
		g.sampler.pause(true)
		if t.linkGIL(g) != nil { // it is tried again
			g.sampler.pause(false)
			return
		}
		g.lookingSince = time.Now()
	case !g.lookingSince.IsZero() && time.Since(g.lookingSince) >= lookFor:
		rate, others, _ := t.rate(g, 0)
		switch {
		case t.relieve(g, rate, others, mostGIL/2):
			if g.links == nil { // it failed
				return
			}
		case g.price().PerSecond(rate) > mostGIL/2:
			t.unlinkBeside(g, func() { t.beginSampling(g) })
			return
		}
		t.stopSampling(g)
		g.reason, g.lookingSince = "", time.Time{}
	}
}

func (t *table) stopSampling(g *followed) {
	if g.sampler == nil {
		return
	}
	g.sampler.end()
	g.sampler.collect(t, g)
	g.sampler = nil
}

// sampler reads the fields of a process's GILs at short intervals.
type sampler struct {
	stop, done chan struct{}
	among      *atomic.Int32 // processes whose fields are read

	mu     sync.Mutex
	gils   map[*object]*sampledGIL
	paused bool // probes look meanwhile, and count
}

// sampledGIL is what was read of one GIL since it was collected.
type sampledGIL struct {
	last          time.Time
	first, number uint64 // switch_number
	begun         bool
	held          map[uint64]time.Duration // by thread state; 0: nobody
	locked        bool
	holder        uint64
}

// sampledCounts is what sampling found of a GIL.
type sampledCounts struct {
	measured, held time.Duration
	switches       uint64
	holder         uint64 // thread state; 0: nobody
}

func (l *sampler) run(g *followed) {
	defer close(l.done)
	for {
		select {
		case <-l.stop:
			return
		case now := <-time.After(l.step()):
			l.sample(g, now)
		}
	}
}

// step is how far apart the reads of one process are: all of them together
// read as often as one would alone.
func (l *sampler) step() time.Duration { return sampleEvery * time.Duration(max(1, l.among.Load())) }

func (l *sampler) end() {
	close(l.stop)
	<-l.done
	l.among.Add(-1)
}

// pause stops reading while probes count, or goes on.
func (l *sampler) pause(is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = is
	for _, m := range l.gils {
		m.begun, m.locked = false, false
	}
}

// watch makes the GILs those that are sampled.
func (l *sampler) watch(gils []*object) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gils == nil {
		l.gils = map[*object]*sampledGIL{}
	}
	for _, o := range gils {
		if o.ended {
			continue
		}
		if l.gils[o] == nil {
			l.gils[o] = &sampledGIL{held: map[uint64]time.Duration{}}
		}
	}
}

func (l *sampler) sample(g *followed, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused {
		return
	}
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
func (l *sampler) collect(t *table, g *followed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for o, m := range l.gils {
		if o.id == 0 {
			t.lastID++
			o.id = t.lastID
		}
		for state, d := range m.held {
			o.sampledBy.measured += d
			if state == 0 {
				continue
			}
			o.sampledBy.held += d
			if tid, err := g.memory.ThreadTID(state); err == nil {
				if tid = g.memory.Outer(tid); tid != 0 && inspect.HasThread(g.Info.PID, tid) {
					one := t.thread(g, tid)
					one.done.hold += uint64(d)
					one.done.sampled += uint64(d)
				}
			}
		}
		m.held = map[uint64]time.Duration{}
		if m.begun && m.number >= m.first {
			o.sampledBy.switches += m.number - m.first
			m.first = m.number
		}
		o.sampledBy.holder = 0
		if m.locked {
			o.sampledBy.holder = m.holder
		}
	}
}

// holderTID is who held it at the last sample; 0: nobody.
func (c *sampledCounts) holderTID(g *followed) int {
	if c.holder == 0 || g.sampler == nil {
		return 0
	}
	tid, err := g.memory.ThreadTID(c.holder)
	if err != nil {
		return 0
	}
	return g.memory.Outer(tid)
}
