package gil

import (
	"errors"
	"time"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect/live/kernelmap"
)

// retire takes a process that is followed no more out of the maps, after
// they were read.
func (t *table) retire(g *followed) error {
	g.spent += g.hitsNow()
	var errs []error
	for _, o := range t.all {
		if o.process != g {
			continue
		}
		o.settle()
		if o.slotID != 0 {
			o.slotID = 0
			errs = append(errs, t.freeSlot(o.slot))
		}
	}
	for _, o := range g.gils {
		if o.active {
			errs = append(errs, t.retireObject(g, o))
		}
	}
	for _, sum := range []struct{ to, from *uint64 }{
		{&g.done.Other, &g.now.Other}, {&g.done.Lost, &g.now.Lost}, {&g.done.LostPairs, &g.now.LostPairs},
		{&g.done.LostBlame, &g.now.LostBlame}, {&g.done.Unreadable, &g.now.Unreadable},
	} {
		*sum.to += *sum.from
	}
	g.now = bpf.GILProcess{}
	errs = append(errs, t.Maps.GilProcesses.Put(&g.index, &g.now))
	t.freeProcesses = append(t.freeProcesses, g.index)
	return errors.Join(errs...)
}

// retireObject makes what was counted of a GIL final, and its index another's.
func (t *table) retireObject(g *followed, o *object) error {
	clock := g.clock()
	if since := o.heldSince(&o.now); since != 0 {
		o.now.HeldNs += kernelmap.Less(clock, since)
	}
	o.measured += time.Duration(kernelmap.Less(clock, o.now.Attached))
	o.addState()
	o.active, o.seedHolder, o.atLeast, o.based = false, 0, false, false
	var pairs []bpf.GILPair
	for key, n := range o.pairsNow {
		o.pairs[key] = o.pairs[key].plus(n)
		pairs = append(pairs, bpf.GILPair{From: key.from, To: key.to, Gil: uint64(o.index)})
	}
	var blame []bpf.BlameKey
	for key, n := range o.blameNow {
		n.add(o.blame[key])
		o.blame[key] = n
		blame = append(blame, bpf.BlameKey{Holder: key.holder, Stack: key.stack, Gil: uint64(o.index)})
	}
	o.pairsNow = map[pair]pairCount{}
	o.blameNow = map[blamed]blameCount{}
	errs := []error{kernelmap.DeleteAll(t.Maps.GilPairs, pairs), kernelmap.DeleteAll(t.Maps.Blame, blame)}
	for _, at := range []uint64{o.cond, o.switchCond} {
		key := bpf.GILCond{Process: uint64(g.index), Address: at}
		if err := t.Maps.GilConds.Delete(&key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			errs = append(errs, err)
		}
	}
	if g.now.Gil == o.index && g.now.Cond == o.cond {
		errs = append(errs, t.setFirst(g, 0, 0, 0))
	}
	index := o.index
	errs = append(errs, t.Maps.GilStates.Put(&index, &bpf.GILState{}))
	t.freeStates = append(t.freeStates, index)
	return errors.Join(errs...)
}

// addState adds what the kernel counted to what was counted before.
func (o *object) addState() {
	n, d := &o.now, &o.done
	d.Takes += n.Takes
	d.Drops += n.Drops
	d.Switches += n.Switches
	d.HeldNs += n.HeldNs
	d.Forced += n.Forced
	d.Steps += n.Steps
	d.WaitNs += n.WaitNs
	d.Died += n.Died
	d.Disorder += n.Disorder
	d.Checks += n.Checks
	d.WrongLocked += n.WrongLocked
	d.Number += n.Number
	d.NumberSwitches += n.NumberSwitches
	o.now = bpf.GILState{}
}
