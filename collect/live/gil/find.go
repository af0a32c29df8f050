package gil

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/proc"
	"pytop/collect/stack"
)

// mostGILs is how many GILs of one process are followed: what its memory says
// must not take all there is room for.
const mostGILs = 256

// find brings the GILs that are followed up to date with the process:
// interpreters with a GIL of their own come and go (3.12+).
func (t *table) find(g *followed) error {
	list, err := g.memory.Interpreters()
	if err != nil {
		if errors.Is(err, proc.ErrNoProcess) || g.HasEnded() || errors.Is(err, stack.ErrChanging) || errors.Is(err, unix.EFAULT) {
			return nil // one is being made, or unmade: next time
		}
		return err
	}
	slices.Reverse(list) // the oldest first
	seen := map[uint64]*object{}
	var gone []*object
	first := !g.started
	for _, i := range list {
		if i.GIL == 0 {
			continue
		}
		if o := seen[i.GIL]; o != nil {
			o.shared = true
			continue
		}
		o := g.object(i)
		seen[i.GIL] = o
		g.started = true
		if !o.active && g.links != nil {
			g.late = g.late || !first && o.id == 0
			if first && o.id == 0 {
				t.noteBegun(g, "takes")
			}
			if len(seen) > mostGILs {
				return fmt.Errorf("more than %d GILs", mostGILs)
			}
			if err := t.activate(g, o); err != nil {
				return err
			}
		}
	}
	for _, o := range g.gils {
		if o.ended || seen[o.address] == o {
			continue
		}
		o.ended = true
		if o.active {
			gone = append(gone, o)
		}
	}
	return t.retireGone(g, gone)
}

// noteBegun notes that a program is followed from now on, if the program began
// while pytop watched. Python starts its GIL, or its threads, before pytop can
// find them: what happened until then is not counted, and that is reported.
func (t *table) noteBegun(g *followed, what string) {
	if g.renewed || t.FromStart && g.Asked {
		g.begunAt = time.Now()
		g.begun = fmt.Sprintf("followed from %s on: %s before that, while Python started, are not counted", g.begunAt.Format("15:04:05.000"), what)
	}
}

// retireGone makes final what was counted of GILs that are no more.
func (t *table) retireGone(g *followed, gone []*object) error {
	if len(gone) == 0 {
		return nil
	}
	errs := []error{t.poll()} // once more: what is left in the maps would be the next one's
	for _, o := range gone {
		hits := o.now.Takes + o.now.Drops + o.now.Forced + o.now.Steps
		g.spent, g.judged.spent = g.spent+hits, kernelmap.Less(g.judged.spent, hits)
		errs = append(errs, t.retireObject(g, o))
	}
	return errors.Join(errs...)
}

// execed is why the GIL of a process is no longer followed that exec'd.
const execed = "it runs another program since"

// leave ends following the GIL of a program that a process no longer runs: an
// exec ended its holds.
func (t *table) leave(g *followed) {
	err := t.detach(execed, g)
	for _, o := range g.gils {
		o.ended = true
	}
	g.renewed = g.renewed || g.wasFollowed()
	g.started, g.early = false, false
	g.calls, g.stays, g.symbols = nil, "", nil // were the program's before
	if err != nil {
		g.status, g.reason = collect.ProbeFailed, err.Error()
	}
}

// object finds or makes the GIL that an interpreter uses.
func (g *followed) object(i stack.Interpreter) *object {
	for _, o := range g.gils {
		if o.address == i.GIL && !o.ended && o.interpreter == i.ID {
			return o
		}
	}
	at := &g.memory.Python.Offsets.GIL
	o := &object{
		address: i.GIL, interpreter: i.ID, cond: i.GIL + uint64(at.Cond), switchCond: i.GIL + uint64(at.SwitchCond),
		pairs: map[pair]pairCount{}, pairsNow: map[pair]pairCount{}, blame: map[blamed]blameCount{}, blameNow: map[blamed]blameCount{},
	}
	g.gils = append(g.gils, o)
	return o
}

// activate begins to follow a GIL.
func (t *table) activate(g *followed, o *object) error {
	if len(t.freeStates) == 0 {
		return errors.New("too many GILs")
	}
	if o.id == 0 {
		t.lastID++
		o.id = t.lastID
	}
	o.index = t.freeStates[len(t.freeStates)-1]
	t.freeStates = t.freeStates[:len(t.freeStates)-1]
	o.now = bpf.GILState{Used: 1, Address: o.address, Attached: kernelmap.Now(), Seed: t.seed(g, o)}
	if err := t.Maps.GilStates.Put(&o.index, &o.now); err != nil {
		return fmt.Errorf("follow a GIL: %w", err)
	}
	o.active = true
	if g.now.Cond == 0 {
		return t.setFirst(g, o.index, o.cond, o.switchCond)
	}
	for _, c := range []struct {
		at   uint64
		kind uint32
	}{{o.switchCond, bpf.GILTaken}, {o.cond, bpf.GILDropped}} {
		key, role := bpf.GILCond{Process: uint64(g.index), Address: c.at}, bpf.GILRole{Gil: o.index, Kind: c.kind}
		if err := t.Maps.GilConds.Update(&key, &role, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("follow a GIL: %w", err)
		}
	}
	return nil
}

// seeds is above all ids that the programs give to threads.
const seeds = 1 << 63

// seed notes who holds a GIL while pytop comes, and gives that thread an id:
// it has none yet, and others wait for it. 0: nobody, or not known.
func (t *table) seed(g *followed, o *object) uint64 {
	o.seedHolder, o.atLeast = 0, false
	now, err := g.memory.GIL(o.address)
	if err != nil || !now.Locked {
		return 0
	}
	o.atLeast = true
	tid, err := g.memory.ThreadTID(now.LastHolder)
	if err != nil {
		return 0
	}
	if o.seedHolder = g.memory.Outer(tid); o.seedHolder == 0 {
		return 0
	}
	t.lastSeed++
	t.slots[seeds+t.lastSeed] = t.thread(g, o.seedHolder)
	return seeds + t.lastSeed
}

// setFirst sets the process's first GIL, beside counters that the kernel
// writes meanwhile.
func (t *table) setFirst(g *followed, index uint32, cond, switchCond uint64) error {
	g.now.Gil, g.now.Cond, g.now.SwitchCond = index, cond, switchCond
	base := int64(g.index) * processSize
	var b [8]byte
	write := func(at int64, value []byte) error {
		_, err := t.processes.WriteAt(value, base+at)
		return err
	}
	binary.NativeEndian.PutUint32(b[:4], index)
	err := write(16, b[:4])
	binary.NativeEndian.PutUint64(b[:], switchCond)
	err = errors.Join(err, write(8, b[:]))
	binary.NativeEndian.PutUint64(b[:], cond)
	return errors.Join(err, write(0, b[:]))
}
