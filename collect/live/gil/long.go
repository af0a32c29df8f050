package gil

import (
	"slices"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/inspect"
)

const (
	// longHold is from when on a hold that goes on is kept, with its stack: it
	// is looked for once a tick.
	longHold = 100 * time.Millisecond
	// keptHolds is how many are kept of a GIL, the last.
	keptHolds = 20
)

// noteLongHold keeps the hold that goes on when it is long. The holder's stack
// is read from outside, when it is seen first.
func (g *followed) noteLongHold(o *object, since, now uint64) {
	g.lookAt(o, since, now)
	if since == 0 || now < since || now-since < uint64(longHold) {
		return
	}
	lasted := time.Duration(now - since)
	if n := len(o.long); n > 0 && o.longSince == since {
		o.long[n-1].Lasted, o.long[n-1].Native = lasted, o.looks.native()
		return
	}
	fields, err := g.memory.GIL(o.address)
	if err != nil || !fields.Locked {
		return
	}
	tid, err := g.memory.ThreadTID(fields.LastHolder)
	if err != nil {
		return
	}
	one := collect.LongHold{TID: g.memory.Outer(tid), Began: time.Now().Add(-lasted), Lasted: lasted, Native: o.looks.native()}
	if trace, err := g.memory.Trace(fields.LastHolder); err == nil {
		for _, p := range trace.Places {
			one.Stack = append(one.Stack, inspect.PlaceOf(p))
		}
	}
	o.longSince = since
	o.long = append(o.long, one)
	o.long = slices.Delete(o.long, 0, max(0, len(o.long)-keptHolds))
}

// heldSince is when the hold that goes on began; 0: there is none. One that
// pytop found when it came began then at the latest.
func (o *object) heldSince(n *bpf.GILState) uint64 {
	if o.seeded(n) {
		return n.Attached
	}
	return n.Since
}

// seeded tells whether it is still held as it was when pytop came.
func (o *object) seeded(n *bpf.GILState) bool {
	return n.Since == 0 && n.Takes == 0 && n.Drops == 0 && o.atLeast
}
