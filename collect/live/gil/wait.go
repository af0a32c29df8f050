package gil

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/kernelmap"
)

const (
	// longWait is from when on a wait that goes on is kept: as longHold.
	longWait = longHold
	// keptWaits is how many are kept of a GIL, the last.
	keptWaits = 20
)

// newWait is a wait that has become long, and is not kept yet.
type newWait struct {
	thread *thread
	gil    *object
	since  uint64
	blamed bpf.BlameKey
}

// noteLongWaits keeps the waits that go on and are long, of all processes'
// threads. The waiters' stacks are read from outside, when they are seen first.
func (t *table) noteLongWaits() error {
	if time.Since(t.polled) >= tick/2 { // some 20 µs with one process
		if err := t.pollThreads(); err != nil {
			return fmt.Errorf("read what threads did with the GIL: %w", err)
		}
	}
	fresh := map[*followed][]newWait{}
	var b threadBuffer
	now := kernelmap.Now()
	for _, one := range t.all {
		g := one.process
		if one.slotID == 0 || one.now.waiting < uint64(longWait) || g.Gone != "" || g.stopped != 0 || g.HasEnded() {
			continue
		}
		n, err := b.all(t.threads, one.slot)
		if err != nil {
			continue
		}
		o := g.at(n.Gil)
		switch {
		case o == nil || n.Id != one.slotID || n.WaitSince == 0 || n.WaitSince > now:
			continue // it has ended meanwhile
		case one.longSince == n.WaitSince:
			o.sawWait(one, n.WaitSince, now)
		default:
			one.longSince = n.WaitSince
			fresh[g] = append(fresh[g], newWait{one, o, n.WaitSince, n.Blamed})
		}
	}
	for g, list := range fresh {
		t.keepWaits(g, list, now)
	}
	return nil
}

// at is the GIL that is followed at an index; nil: it is another process's.
func (g *followed) at(index uint32) *object {
	for _, o := range g.gils {
		if o.active && o.index == index {
			return o
		}
	}
	return nil
}

// sawWait notes that a wait still goes on; it may be kept no more.
func (o *object) sawWait(of *thread, since, now uint64) {
	for i := range o.waits {
		if w := &o.waits[i]; w.since == since && w.thread == of {
			w.Lasted = time.Duration(now - since)
		}
	}
}

// keptWait is a long wait, and which it is.
type keptWait struct {
	collect.LongWait
	thread *thread
	since  uint64
}

// keepWaits keeps new long waits: of many the longest, since the others would
// be pushed out at once.
func (t *table) keepWaits(g *followed, fresh []newWait, now uint64) {
	if len(fresh) == 0 {
		return
	}
	slices.SortFunc(fresh, func(a, b newWait) int { return cmp.Compare(a.since, b.since) })
	fresh = fresh[:min(len(fresh), keptWaits)]
	states := g.threadStates()
	for _, w := range fresh {
		lasted := time.Duration(now - w.since)
		one := collect.LongWait{TID: w.thread.name.tid, Began: time.Now().Add(-lasted), Lasted: lasted}
		if trace, err := g.memory.Trace(states[stateOwner{w.gil.address, one.TID}]); err == nil {
			for _, p := range trace.Places {
				one.Stack = append(one.Stack, inspect.PlaceOf(p))
			}
		}
		t.nameHolder(g, &one, &w)
		w.gil.waits = append(w.gil.waits, keptWait{one, w.thread, w.since})
		w.gil.waits = slices.Delete(w.gil.waits, 0, max(0, len(w.gil.waits)-keptWaits))
	}
}

// nameHolder says who held the GIL at the last step of a wait: as the kernel
// saw it, else, where its take was not seen, as CPython's own field has it.
func (t *table) nameHolder(g *followed, one *collect.LongWait, w *newWait) {
	if holder := t.slots[w.blamed.Holder]; holder != nil {
		one.Holder = holder.name.tid
	} else if fields, err := g.memory.GIL(w.gil.address); err == nil && fields.Locked {
		if tid, err := g.memory.ThreadTID(fields.LastHolder); err == nil {
			one.Holder = g.memory.Outer(tid)
		}
	}
	one.HolderStack = t.stacks[w.blamed.Stack].places
}

// stateOwner is whose a thread state is: of a GIL's thread, by TID.
type stateOwner struct {
	gil uint64
	tid int
}

// threadStates are the addresses of a process's thread states; what cannot be
// read is left out.
func (g *followed) threadStates() map[stateOwner]uint64 {
	states := map[stateOwner]uint64{}
	list, err := g.memory.Interpreters()
	if err != nil {
		return states
	}
	for _, i := range list {
		threads, err := g.memory.Threads(i)
		if err != nil {
			continue
		}
		for _, one := range threads {
			states[stateOwner{i.GIL, g.memory.Outer(one.TID)}] = one.Address
		}
	}
	return states
}

// waitReading is the long waits of a GIL, the oldest first.
func (o *object) waitReading() []collect.LongWait {
	list := make([]collect.LongWait, len(o.waits))
	for i := range o.waits {
		list[i] = o.waits[i].LongWait
	}
	return list
}
