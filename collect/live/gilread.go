package live

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"pytop/collect"
	"pytop/collect/proc"
	"pytop/collect/stack"
)

// readGIL adds what is known of GILs and threads to a reading.
func (s *Source) readGIL(r *collect.Reading) {
	if !s.options.GIL {
		r.Probes = append(r.Probes, collect.Probe{Name: "gil", Status: collect.ProbeOff, Reason: notAsked})
		return
	}
	r.Probes = append(r.Probes, s.gilProbe())
	if s.gil == nil {
		return
	}
	r.GILs, r.Threads, r.Worlds = []collect.GILReading{}, []collect.ThreadReading{}, []collect.WorldReading{}
	caused := map[uint64]time.Duration{}
	threads := s.gil.byProcess()
	row := -1 // of r.Processes, which has those in their order
	for _, p := range s.order {
		if p.wraps() {
			continue
		}
		row++
		g := p.gil
		if g == nil || g.memory == nil || g.waiting || g.status == collect.ProbeFailed && len(g.gils)+len(g.worlds) == 0 {
			continue
		}
		list := s.lookAtThreads(p, threads[p])
		for _, w := range g.worlds {
			r.Worlds = append(r.Worlds, w.reading(p))
		}
		for _, o := range g.gils {
			if o.id == 0 {
				continue
			}
			one := s.gilReading(p, o, list)
			addGIL(&r.Processes[row].GIL, &one)
			for _, b := range one.Blame {
				caused[b.Thread] += b.Wait
			}
			r.GILs = append(r.GILs, one)
		}
	}
	for _, t := range s.gil.all {
		if one, ok := t.reading(); ok {
			one.Caused = caused[t.id]
			r.Threads = append(r.Threads, one)
		}
	}
	slices.SortStableFunc(r.Threads, func(a, b collect.ThreadReading) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.TID, b.TID), cmp.Compare(a.ID, b.ID))
	})
}

// byProcess are the threads of each process.
func (t *gilTable) byProcess() map[*process][]*gilThread {
	by := make(map[*process][]*gilThread)
	for _, o := range t.all {
		by[o.process] = append(by[o.process], o)
	}
	return by
}

// lookedAt is what a process had used when its threads were looked at last:
// while that stands, they do and run what they did.
type lookedAt struct {
	at      time.Time
	cpu     time.Duration
	stopped bool
}

// lookAtThreads finds a process's Python threads, what they run and what they
// have used. A thread that pytop sees only here is listed too, and added to
// the process's threads, which it returns.
func (s *Source) lookAtThreads(p *process, of []*gilThread) []*gilThread {
	g, t := p.gil, s.gil
	if p.gone != "" {
		for _, o := range of {
			if !o.ended {
				o.end(t)
			}
		}
		return of
	}
	if !g.looked.at.IsZero() && p.cpuOK && p.cpu == g.looked.cpu && p.stopped == g.looked.stopped {
		return of
	}
	g.looked = lookedAt{time.Now(), p.cpu, p.stopped}
	list, err := g.memory.Interpreters()
	if err != nil {
		list = nil // it ends, or changes: next time
	}
	runs := map[*gilThread]bool{} // where it runs is known
	for _, i := range list {      // the newest first
		threads, err := g.memory.Threads(i)
		if err != nil {
			continue
		}
		for _, one := range threads {
			tid := g.outer(one.TID)
			if tid == 0 || !p.hasThread(tid) {
				continue
			}
			before := len(t.all)
			o := t.thread(p, tid)
			of = append(of, t.all[before:]...)
			if runs[o] {
				continue // it called into the newer interpreter from this one
			}
			o.inter, o.interKnown = one.Interpreter, true
			o.place = g.leaf(one)
			runs[o] = o.place != collect.Place{}
		}
	}
	for _, o := range of {
		if o.ended || o.name.tid == 0 {
			continue
		}
		stat, err := proc.System().ThreadStat(p.info.PID, o.name.tid)
		if errors.Is(err, proc.ErrNoProcess) {
			if o.slotID == 0 {
				o.end(t)
			} else if o.vanished.IsZero() {
				o.vanished = time.Now()
			}
			continue
		}
		o.vanished = time.Time{}
		if err == nil {
			o.comm, o.state, o.cpu, o.runq, o.cpuKnown = stat.Name, stateOf(stat.State), stat.CPU, stat.RunQueue, true
		}
	}
	return of
}

func (p *process) hasThread(tid int) bool {
	_, err := proc.System().ThreadName(p.info.PID, tid)
	return err == nil
}

// leaf is what a thread runs at this instant; zero: no Python, or not to be told.
func (g *gilProcess) leaf(t stack.Thread) collect.Place {
	for range 3 { // it moves on while it is read
		frame, ok, err := g.memory.Innermost(t.Address)
		if err != nil || !ok {
			continue
		}
		if places, err := g.memory.Places([]stack.Frame{frame}); err == nil {
			return placeOf(places[0])
		}
	}
	return collect.Place{}
}

func stateOf(letter byte) string {
	switch letter {
	case 'R':
		return "running"
	case 'S', 'I':
		return "sleeping"
	case 'D':
		return "disk sleep"
	case 'T', 't':
		return "stopped"
	case 'Z', 'X', 'x':
		return "ended"
	}
	return string(rune(letter))
}

// gilReading is one GIL as of the last poll; threads are its process's.
func (s *Source) gilReading(p *process, o *gilObject, threads []*gilThread) collect.GILReading {
	g := p.gil
	n, d := &o.now, &o.done
	r := collect.GILReading{
		ID: o.id, PID: p.info.PID, Interpreter: o.interpreter, Status: g.statusOf(o),
		Measured: o.measured + o.light.measured, Sampled: o.light.measured, Takes: d.Takes + n.Takes, Switches: d.Switches + n.Switches + o.light.switches,
		Forced: d.Forced + n.Forced, Held: time.Duration(d.HeldNs+n.HeldNs) + o.light.held, Wait: time.Duration(d.WaitNs + n.WaitNs),
		Pairs: s.gil.pairReading(o), Blame: s.gil.blameReading(o), LongHolds: slices.Clone(o.long), LongWaits: o.waitReading(),
	}
	if !o.active {
		r.Holder = o.light.holderTID(g)
		return r
	}
	now := g.clock()
	r.Measured += time.Duration(less(now, n.Attached))
	if since := o.heldSince(n); since != 0 && now > since {
		goesOn := time.Duration(now - since)
		r.Held += goesOn
		switch t := s.gil.slots[n.Last]; {
		case p.gone != "":
		case o.seeded(n):
			r.Holder, r.HeldFor, r.AtLeast = o.seedHolder, goesOn, true
		default:
			r.HeldFor = goesOn
			if t != nil {
				r.Holder = t.name.tid
			}
		}
	}
	for _, t := range threads { // waits that go on
		if t.now.waiting > 0 && len(g.gils) == 1 {
			r.Wait += time.Duration(t.now.waiting)
		}
	}
	return r
}

func (t *gilTable) pairReading(o *gilObject) []collect.GILPair {
	sum := map[pair]pairCount{} // by our ids
	tids := map[uint64]int{}
	id := func(kernel uint64) uint64 {
		h := t.slots[kernel]
		if h == nil {
			return 0
		}
		tids[h.id] = h.name.tid
		return h.id
	}
	for _, from := range []map[pair]pairCount{o.pairs, o.pairsNow} {
		for key, n := range from {
			ours := pair{id(key.from), id(key.to)}
			sum[ours] = sum[ours].plus(n)
		}
	}
	list := make([]collect.GILPair, 0, len(sum))
	for key, n := range sum {
		list = append(list, collect.GILPair{From: key.from, To: key.to, FromTID: tids[key.from], ToTID: tids[key.to], Count: n.switches, Wait: time.Duration(n.wait)})
	}
	return list
}
