package gil

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/target"
	"pytop/collect/proc"
)

// ReadProcess adds what is known of a process's GIL.
func (l *GIL) ReadProcess(p *target.Process, r *collect.ProcessReading) (measured bool) {
	r.GIL = l.says(p)
	g := l.of[p]
	if g == nil || g.unread() {
		return g != nil
	}
	for _, o := range g.gils {
		if held, measured := o.heldFor(g); o.id != 0 && (held > r.GIL.Held || r.GIL.Measured == 0) {
			r.GIL.Held, r.GIL.Measured = held, measured
		}
	}
	return true
}

// unread tells whether there is nothing to be read of a process.
func (g *followed) unread() bool {
	return g.memory == nil || g.waiting || g.status == collect.ProbeFailed && len(g.gils)+len(g.worlds) == 0
}

// Read adds what is known of GILs and threads to a reading.
func (l *GIL) Read(r *collect.Reading) collect.Probe {
	if !l.Asked {
		return collect.Probe{}
	}
	if l.opened() {
		l.read(r)
	}
	return l.probe()
}

func (t *table) read(r *collect.Reading) {
	r.GILs, r.Threads = []collect.GILReading{}, []collect.ThreadReading{}
	caused := map[uint64]time.Duration{}
	threads := t.byProcess()
	for _, g := range t.list() {
		if g.Wraps() || g.unread() {
			continue
		}
		list := t.lookAtThreads(g, threads[g])
		for _, o := range g.gils {
			if o.id == 0 {
				continue
			}
			one := t.gilReading(g, o, list)
			for _, b := range one.Blame {
				caused[b.Thread] += b.Wait
			}
			r.GILs = append(r.GILs, one)
		}
	}
	for _, o := range t.all {
		if one, ok := o.reading(); ok {
			one.Caused = caused[o.id]
			r.Threads = append(r.Threads, one)
		}
	}
	slices.SortStableFunc(r.Threads, func(a, b collect.ThreadReading) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.TID, b.TID), cmp.Compare(a.ID, b.ID))
	})
}

// byProcess are the threads of each process.
func (t *table) byProcess() map[*followed][]*thread {
	by := make(map[*followed][]*thread)
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
func (t *table) lookAtThreads(g *followed, of []*thread) []*thread {
	if g.Gone != "" {
		for _, o := range of {
			if !o.ended {
				o.end(t)
			}
		}
		return of
	}
	if !g.looked.at.IsZero() && g.CPUKnown && g.CPU == g.looked.cpu && g.Stopped == g.looked.stopped {
		return of
	}
	g.looked = lookedAt{time.Now(), g.CPU, g.Stopped}
	list, err := g.memory.Interpreters()
	if err != nil {
		list = nil // it ends, or changes: next time
	}
	runs := map[*thread]bool{} // where it runs is known
	for _, i := range list {   // the newest first
		threads, err := g.memory.Threads(i)
		if err != nil {
			continue
		}
		for _, one := range threads {
			tid := g.memory.Outer(one.TID)
			if tid == 0 || !inspect.HasThread(g.Info.PID, tid) {
				continue
			}
			before := len(t.all)
			o := t.thread(g, tid)
			of = append(of, t.all[before:]...)
			if runs[o] {
				continue // it called into the newer interpreter from this one
			}
			o.inter, o.interKnown = one.Interpreter, true
			o.place = g.memory.Running(one)
			runs[o] = o.place != collect.Place{}
		}
	}
	for _, o := range of {
		if o.ended || o.name.tid == 0 {
			continue
		}
		stat, err := proc.System().ThreadStat(g.Info.PID, o.name.tid)
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
			o.comm, o.state, o.cpu, o.runq, o.cpuKnown = stat.Name, inspect.StateOf(stat.State), stat.CPU, stat.RunQueue, true
		}
	}
	return of
}

// heldFor is how long a GIL was held, what goes on included, and for how long
// that was measured.
func (o *object) heldFor(g *followed) (held, measured time.Duration) {
	held, measured = time.Duration(o.now.HeldNs+o.done.HeldNs)+o.sampledBy.held, o.measured+o.sampledBy.measured
	if !o.active {
		return held, measured
	}
	now := g.clock()
	if since := o.heldSince(&o.now); since != 0 && now > since {
		held += time.Duration(now - since)
	}
	return held, measured + time.Duration(kernelmap.Less(now, o.now.Attached))
}

// gilReading is one GIL as of the last poll; threads are its process's.
func (t *table) gilReading(g *followed, o *object, threads []*thread) collect.GILReading {
	n, d := &o.now, &o.done
	r := collect.GILReading{
		ID: o.id, PID: g.Info.PID, Interpreter: o.interpreter, Status: g.statusOf(o), Sampled: o.sampledBy.measured,
		Takes: d.Takes + n.Takes, Switches: d.Switches + n.Switches + o.sampledBy.switches, Forced: d.Forced + n.Forced, Wait: time.Duration(d.WaitNs + n.WaitNs),
		Pairs: t.pairReading(o), Blame: t.blameReading(o), LongHolds: slices.Clone(o.long), LongWaits: o.waitReading(),
	}
	r.Held, r.Measured = o.heldFor(g)
	if !o.active {
		r.Holder = o.sampledBy.holderTID(g)
		return r
	}
	now := g.clock()
	if since := o.heldSince(n); since != 0 && now > since && g.Gone == "" {
		r.HeldFor = time.Duration(now - since)
		if o.seeded(n) {
			r.Holder, r.AtLeast = o.seedHolder, true
		} else if holder := t.slots[n.Last]; holder != nil {
			r.Holder = holder.name.tid
		}
	}
	for _, t := range threads { // waits that go on
		if t.now.waiting > 0 && len(g.gils) == 1 {
			r.Wait += time.Duration(t.now.waiting)
		}
	}
	return r
}

func (t *table) pairReading(o *object) []collect.GILPair {
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
