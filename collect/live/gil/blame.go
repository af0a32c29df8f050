package gil

import (
	"fmt"
	"maps"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/stack"
)

// blamed is who held a GIL, by the kernel's id, and with what stack.
type blamed struct{ holder, stack uint64 }

type blameCount struct{ wait, steps uint64 }

func (n *blameCount) add(o blameCount) {
	n.wait += o.wait
	n.steps += o.steps
}

// blamedStack is a stack that made others wait, as it was when it was first read.
type blamedStack struct {
	places []collect.Place
	cut    bool
	pid    int
}

// pollBlame reads who made others wait, and takes those out whose threads have ended.
func (t *table) pollBlame(byIndex map[uint64]*object) error {
	if err := t.nameStacks(); err != nil {
		return err
	}
	var dead []bpf.BlameKey
	err := kernelmap.ReadAll(t.Maps.Blame, func(key bpf.BlameKey, n bpf.BlameCount) {
		o := byIndex[key.Gil]
		if o == nil {
			return
		}
		if holder := t.slots[key.Holder]; holder != nil && holder.ended {
			dead = append(dead, key)
			return
		}
		o.blameNow[blamed{key.Holder, key.Stack}] = blameCount{n.WaitNs, n.Steps}
	})
	if err != nil {
		return fmt.Errorf("read what made threads wait: %w", err)
	}
	return kernelmap.TakeAll(t.Maps.Blame, dead, func(key bpf.BlameKey, n bpf.BlameCount) {
		o, ours := byIndex[key.Gil], blamed{key.Holder, key.Stack}
		count := o.blame[ours]
		count.add(blameCount{n.WaitNs, n.Steps})
		o.blame[ours] = count
	})
}

// pollSteps adds the steps of waits that go on to what was read of pairs and of
// blame: the kernel adds a step when it ends, which is late where the waiter
// gets no CPU. A step that has ended since threads were read is there already.
func (t *table) pollSteps(byIndex map[uint64]*object) error {
	var b threadBuffer
	for _, one := range t.all {
		if one.slotID == 0 || one.stepSince == 0 {
			continue
		}
		n, err := b.all(t.threads, one.slot)
		if err != nil {
			return fmt.Errorf("read what threads wait for: %w", err)
		}
		o, now := byIndex[n.Blamed.Gil], one.process.clock()
		if o == nil || n.Id != one.slotID || n.StepSince != one.stepSince || now < n.StepSince {
			continue
		}
		key, ns := blamed{n.Blamed.Holder, n.Blamed.Stack}, now-n.StepSince
		count := o.blameNow[key]
		count.add(blameCount{wait: ns})
		o.blameNow[key] = count
		if key.holder != 0 {
			ours := pair{key.holder, n.Id}
			o.pairsNow[ours] = o.pairsNow[ours].plus(pairCount{wait: ns})
		}
	}
	return nil
}

// mostStacks bounds the stacks that are remembered.
const mostStacks = 16384

// nameStacks finds out what the frames of new stacks are called: soon, since
// code objects are freed. What was read is deleted, so that the kernel has room
// for new ones; it stores a stack again when that makes others wait again.
func (t *table) nameStacks() error {
	full := false
	var got []uint64
	err := kernelmap.ReadAll(t.Maps.BlameStacks, func(key uint64, one bpf.BlameStack) {
		got = append(got, key)
		if _, known := t.stacks[key]; known {
			return
		}
		if len(t.stacks) >= mostStacks {
			full = true
			return
		}
		g := t.withPID(int(one.Pid))
		if g == nil || g.memory == nil {
			return
		}
		t.stacks[key] = blamedStack{g.name(one.Frames[:min(int(one.Depth), len(one.Frames))]), one.Cut != 0, int(one.Pid)}
	})
	if err != nil {
		return fmt.Errorf("read the stacks that made threads wait: %w", err)
	}
	if full { // those that make others wait come again
		t.forgetUnused()
	}
	return kernelmap.DeleteAll(t.Maps.BlameStacks, got)
}

// forgetUnused drops the stacks on which nothing is blamed.
func (t *table) forgetUnused() {
	used := map[uint64]bool{}
	for _, g := range t.list() {
		for _, o := range g.gils {
			for _, of := range []map[blamed]blameCount{o.blame, o.blameNow} {
				for key := range of {
					used[key.stack] = true
				}
			}
		}
	}
	maps.DeleteFunc(t.stacks, func(key uint64, _ blamedStack) bool { return !used[key] })
}

// withPID is the process with a PID that is followed; nil: there is none.
func (t *table) withPID(pid int) *followed {
	for _, g := range t.list() {
		if g.Info.PID == pid {
			return g
		}
	}
	return nil
}

// name says where frames are; those whose code is gone are left out.
func (g *followed) name(frames []bpf.GILFrame) []collect.Place {
	var places []collect.Place
	for _, f := range frames {
		at := f.Instruction
		if g.memory.Python.Traits.LegacyFrame {
			at = uint64(int64(int32(uint32(at))))
		}
		some, err := g.memory.Places([]stack.Frame{{Code: f.Code, Instruction: at}})
		if err != nil {
			if len(places) == 0 {
				return nil // the innermost is what is blamed
			}
			continue
		}
		places = append(places, inspect.PlaceOf(some[0]))
	}
	return places
}

// blameReading is who made others wait for a GIL, by thread and stack.
func (t *table) blameReading(o *object) []collect.Blame {
	list := make([]collect.Blame, 0, len(o.blame)+len(o.blameNow))
	add := func(key blamed, n blameCount) {
		b := collect.Blame{Wait: time.Duration(n.wait), Steps: n.steps}
		if h := t.slots[key.holder]; h != nil {
			b.Thread, b.TID = h.id, h.name.tid
		}
		if k, ok := t.stacks[key.stack]; ok {
			b.Stack, b.Cut = k.places, k.cut
		}
		list = append(list, b)
	}
	for key, n := range o.blameNow {
		n.add(o.blame[key])
		add(key, n)
	}
	for key, n := range o.blame {
		if _, both := o.blameNow[key]; !both {
			add(key, n)
		}
	}
	return list
}
