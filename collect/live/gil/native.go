package gil

import (
	"errors"
	"io/fs"
	"time"

	"pytop/collect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/native"
	"pytop/collect/perf"
	"pytop/collect/proc"
)

const (
	// looksFrom is for how long a hold must have gone on before its thread is
	// sampled: a tick earlier than it is kept, so that there are samples then.
	looksFrom = longHold - tick
	// looksPeriod is how much processor time lies between two samples.
	looksPeriod = 10 * time.Millisecond
	// mostNativeLooks bounds the samples of one hold: 10 s of processor time.
	mostNativeLooks = 1000
)

// holdLooks is where in machine code the thread was seen that holds a GIL, in
// a hold that goes on for long. The zero value looks at nothing.
type holdLooks struct {
	since      uint64        // when the hold began; 0: none is looked at
	tid        int           // of who holds it
	sampler    *perf.Sampler // nil: it could not be opened, or there are enough samples
	pending    []perf.Sample // of which it is not known yet whether it held the GIL then
	asleep     []perf.Sample // the same: it slept
	ran, slept native.Looks
	lost       uint64
	reason     string // why there is no sampler
}

// lookAt samples the thread that holds a GIL when the hold has gone on for
// some time. A sample counts once the hold is seen to go on after it.
func (g *followed) lookAt(o *object, since, now uint64) {
	l := &o.looks
	if l.since != 0 && l.since != since {
		l.end()
	}
	if since == 0 || now < since || now-since < uint64(looksFrom) {
		return
	}
	if l.since == 0 {
		g.beginLooks(o, since)
		return
	}
	if l.sampler != nil {
		samples, lost, err := l.sampler.Read()
		l.pending, l.lost = append(l.pending, samples...), l.lost+lost
		if err != nil {
			l.stop(err.Error())
		}
	}
	l.pending = g.confirm(&l.ran, l.pending, now)
	l.asleep = g.confirm(&l.slept, l.asleep, now)
	if l.ran.Count() >= mostNativeLooks {
		l.stop("")
	}
	if l.slept.Count() < mostNativeLooks && l.tid != 0 {
		at := kernelmap.Now()
		if address, ok, err := proc.System().SleepsAt(g.memory.PID, l.tid); err == nil && ok {
			l.asleep = append(l.asleep, perf.Sample{Time: at, Stack: []uint64{address}})
		}
	}
}

// beginLooks begins to sample the thread that holds a GIL.
func (g *followed) beginLooks(o *object, since uint64) {
	l := &o.looks
	fields, err := g.memory.GIL(o.address)
	if err != nil || !fields.Locked {
		return
	}
	tid, err := g.memory.ThreadTID(fields.LastHolder)
	if err != nil {
		return
	}
	*l = holdLooks{since: since, tid: g.memory.Outer(tid)}
	if g.symbols == nil {
		g.symbols = native.New(g.memory.PID)
	}
	if err := g.symbols.Refresh(); err != nil {
		l.tid, l.reason = 0, err.Error() // what cannot be named is not looked at
		return
	}
	if l.tid == 0 {
		l.reason = "which thread holds it is not known"
		return
	}
	l.sampler, err = perf.Open(l.tid, looksPeriod)
	switch {
	case errors.Is(err, fs.ErrPermission):
		l.reason = "not permitted: it needs CAP_PERFMON"
	case err != nil:
		l.reason = err.Error()
	}
}

// confirm counts the samples up to now, and returns the later ones.
func (g *followed) confirm(to *native.Looks, samples []perf.Sample, now uint64) (later []perf.Sample) {
	fresh := false
	for _, s := range samples {
		if len(s.Stack) > 0 && !fresh && !g.symbols.Maps(s.Stack[0]) {
			fresh = true // a library that was loaded since, in the hold
			if err := g.symbols.Refresh(); err != nil {
				return nil // the process is ending
			}
		}
		switch {
		case s.Time > now:
			later = append(later, s)
		case len(s.Stack) > 0 && to.Count() < mostNativeLooks:
			to.Add(g.symbols.Stack(s.Stack))
		}
	}
	return later
}

// stop closes the sampler; what was seen stays.
func (l *holdLooks) stop(why string) {
	if l.sampler != nil {
		_ = l.sampler.Close() // nobody could do anything about it
		l.sampler = nil
	}
	l.pending = nil
	if l.reason == "" {
		l.reason = why
	}
}

// end stops looking: the hold is over.
func (l *holdLooks) end() {
	if l.since != 0 {
		l.stop("")
		*l = holdLooks{}
	}
}

// endLooks stops looking at all holds.
func (g *followed) endLooks() {
	for _, o := range g.gils {
		o.looks.end()
	}
}

// native is what was seen of the hold so far.
func (l *holdLooks) native() collect.Native {
	n := collect.Native{Ran: l.ran.Sum(), Slept: l.slept.Sum(), Lost: l.lost, Reason: l.reason}
	n.Slept.Cut = n.Slept.Looks > 0 // the kernel tells the innermost alone
	return n
}
