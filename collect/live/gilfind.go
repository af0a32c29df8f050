package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/proc"
	"pytop/collect/stack"
)

// mostGILs is how many GILs of one process are followed: what its memory says
// must not take all there is room for.
const mostGILs = 256

// findGILs brings the GILs that are followed up to date with the process:
// interpreters with a GIL of their own come and go (3.12+).
func (s *Source) findGILs(p *process) error {
	g := p.gil
	list, err := g.memory.Interpreters()
	if err != nil {
		if errors.Is(err, proc.ErrNoProcess) || p.hasEnded() || errors.Is(err, stack.ErrChanging) || errors.Is(err, unix.EFAULT) {
			return nil // one is being made, or unmade: next time
		}
		return err
	}
	slices.Reverse(list) // the oldest first
	seen := map[uint64]*gilObject{}
	var gone []*gilObject
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
			if len(seen) > mostGILs {
				return fmt.Errorf("more than %d GILs", mostGILs)
			}
			if err := s.activate(p, o); err != nil {
				return err
			}
		}
	}
	for _, o := range g.gils {
		if o.gone || seen[o.address] == o {
			continue
		}
		o.gone = true
		if o.active {
			gone = append(gone, o)
		}
	}
	return s.retireGone(g, gone)
}

// retireGone makes final what was counted of GILs that are no more.
func (s *Source) retireGone(g *gilProcess, gone []*gilObject) error {
	if len(gone) == 0 {
		return nil
	}
	errs := []error{s.pollGIL()} // once more: what is left in the maps would be the next one's
	for _, o := range gone {
		hits := o.now.Takes + o.now.Drops + o.now.Forced + o.now.Steps
		g.spent, g.judged.spent = g.spent+hits, less(g.judged.spent, hits)
		errs = append(errs, s.retireObject(g, o))
	}
	return errors.Join(errs...)
}

// leaveGIL ends following the GIL of a program that a process no longer runs:
// an exec ended its holds.
func (s *Source) leaveGIL(p *process) {
	g := p.gil
	if g == nil {
		return
	}
	err := s.detachGILs("it runs another program since", p)
	for _, o := range g.gils {
		o.gone = true
	}
	g.started, g.early, g.inner, g.innerRead = false, false, nil, false
	g.calls, g.stays, g.symbols = nil, "", nil // were the program's before
	if err != nil {
		g.status, g.reason = collect.ProbeFailed, err.Error()
	}
}

// followAnew follows the GIL of a program that a process has exec'd.
func (s *Source) followAnew(p *process) {
	s.leaveGIL(p)
	if g := p.gil; g != nil && g.status != collect.ProbeFailed && p.gone == "" && !p.braked {
		s.attachGIL(p)
	}
}

// object finds or makes the GIL that an interpreter uses.
func (g *gilProcess) object(i stack.Interpreter) *gilObject {
	for _, o := range g.gils {
		if o.address == i.GIL && !o.gone && o.interpreter == i.ID {
			return o
		}
	}
	at := &g.memory.Python.Offsets.GIL
	o := &gilObject{
		address: i.GIL, interpreter: i.ID, cond: i.GIL + uint64(at.Cond), switchCond: i.GIL + uint64(at.SwitchCond),
		pairs: map[pair]pairCount{}, pairsNow: map[pair]pairCount{}, blame: map[blamed]blameCount{}, blameNow: map[blamed]blameCount{},
	}
	g.gils = append(g.gils, o)
	return o
}

// activate begins to follow a GIL.
func (s *Source) activate(p *process, o *gilObject) error {
	g, t := p.gil, s.gil
	if len(t.freeStates) == 0 {
		return errors.New("too many GILs")
	}
	if o.id == 0 {
		t.lastID++
		o.id = t.lastID
	}
	o.index = t.freeStates[len(t.freeStates)-1]
	t.freeStates = t.freeStates[:len(t.freeStates)-1]
	o.now = bpf.GILState{Used: 1, Address: o.address, Attached: monotonic(), Seed: t.seed(p, o)}
	if err := s.maps.GilStates.Put(&o.index, &o.now); err != nil {
		return fmt.Errorf("follow a GIL: %w", err)
	}
	o.active = true
	if g.now.Cond == 0 {
		return s.setFirst(g, o.index, o.cond, o.switchCond)
	}
	for _, c := range []struct {
		at   uint64
		kind uint32
	}{{o.switchCond, bpf.GILTaken}, {o.cond, bpf.GILDropped}} {
		key, role := bpf.GILCond{Process: uint64(g.index), Address: c.at}, bpf.GILRole{Gil: o.index, Kind: c.kind}
		if err := s.maps.GilConds.Update(&key, &role, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("follow a GIL: %w", err)
		}
	}
	return nil
}

// seeds is above all ids that the programs give to threads.
const seeds = 1 << 63

// seed notes who holds a GIL while pytop comes, and gives that thread an id:
// it has none yet, and others wait for it. 0: nobody, or not known.
func (t *gilTable) seed(p *process, o *gilObject) uint64 {
	g := p.gil
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
	if o.seedHolder = g.outer(tid); o.seedHolder == 0 {
		return 0
	}
	t.lastSeed++
	t.slots[seeds+t.lastSeed] = t.thread(p, o.seedHolder)
	return seeds + t.lastSeed
}

// outer is a TID that the process knows, as pytop knows it; 0: there is none.
func (g *gilProcess) outer(tid int) int {
	if tid <= 0 {
		return 0
	}
	if g.inner == nil && !g.innerRead {
		g.readInner()
	}
	if g.inner == nil {
		return tid
	}
	if outer, ok := g.inner[tid]; ok {
		return outer
	}
	g.readInner()
	return g.inner[tid]
}

func (g *gilProcess) readInner() {
	g.innerRead = true
	if inner, err := proc.System().InnerTIDs(g.memory.PID); err == nil {
		g.inner = inner
	}
}

// setFirst sets the process's first GIL, beside counters that the kernel
// writes meanwhile.
func (s *Source) setFirst(g *gilProcess, index uint32, cond, switchCond uint64) error {
	g.now.Gil, g.now.Cond, g.now.SwitchCond = index, cond, switchCond
	base := int64(g.index) * processSize
	var b [8]byte
	write := func(at int64, value []byte) error {
		_, err := s.gil.processes.WriteAt(value, base+at)
		return err
	}
	binary.NativeEndian.PutUint32(b[:4], index)
	err := write(16, b[:4])
	binary.NativeEndian.PutUint64(b[:], switchCond)
	err = errors.Join(err, write(8, b[:]))
	binary.NativeEndian.PutUint64(b[:], cond)
	return errors.Join(err, write(0, b[:]))
}
