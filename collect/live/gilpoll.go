package live

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"

	"pytop/bpf"
)

// threadCounts is what one thread did, as of one instant.
type threadCounts struct {
	takes, drops, hold, holdMax uint64
	waits, wait, waitMax        uint64
	steps, forced               uint64
	holdHist, waitHist          [bpf.GILBuckets]uint64
	holding, waiting            uint64 // of what goes on; in hold and wait already
	sampled                     uint64 // of hold what was sampled
	pauses, pause, pauseMax     uint64 // of processes without a GIL, as parks and park: waits of other kinds
	pausing                     uint64 // of what goes on; in pause already
	parks, park                 uint64
}

func (c *threadCounts) add(o *threadCounts) {
	c.takes += o.takes
	c.drops += o.drops
	c.hold += o.hold
	c.holdMax = max(c.holdMax, o.holdMax)
	c.waits += o.waits
	c.wait += o.wait
	c.waitMax = max(c.waitMax, o.waitMax)
	c.steps += o.steps
	c.forced += o.forced
	c.sampled += o.sampled
	c.pauses += o.pauses
	c.pause += o.pause
	c.pauseMax = max(c.pauseMax, o.pauseMax)
	c.parks += o.parks
	c.park += o.park
	for i := range c.holdHist {
		c.holdHist[i] += o.holdHist[i]
		c.waitHist[i] += o.waitHist[i]
	}
}

// stopped: nothing goes on any more.
func (c *threadCounts) stopped() { c.holding, c.waiting, c.pausing = 0, 0, 0 }

// threadCountsOf takes what a slot holds; now is the kernel's clock, 0: the
// thread has ended.
func threadCountsOf(t *bpf.GILThread, now uint64) threadCounts {
	c := threadCounts{
		takes: t.Takes, drops: t.Drops, hold: t.HoldNs, holdMax: t.HoldMax, waits: t.Waits, wait: t.WaitNs, waitMax: t.WaitMax,
		steps: t.Steps, forced: t.Forced, holdHist: t.HoldHist, waitHist: t.WaitHist,
	}
	if t.HoldSince != 0 && now > t.HoldSince {
		c.holding = now - t.HoldSince
	}
	if t.WaitSince != 0 && now > t.WaitSince {
		c.waiting = now - t.WaitSince
	}
	c.hold, c.holdMax = c.hold+c.holding, max(c.holdMax, c.holding)
	c.wait, c.waitMax = c.wait+c.waiting, max(c.waitMax, c.waiting)
	c.addParks(t, now)
	return c
}

// threadBuffer is room for one slot.
type threadBuffer struct{ slot bpf.GILThread }

const (
	slotSize     = int64(unsafe.Sizeof(bpf.GILThread{}))
	slotHeadSize = unsafe.Offsetof(bpf.GILThread{}.HoldSince)
	stateSize    = int64(unsafe.Sizeof(bpf.GILState{}))
	processSize  = int64(unsafe.Sizeof(bpf.GILProcess{}))
	// The kernel rounds the size of an array's values up to 8.
	eight = 7
)

// head reads whose a slot is.
func (b *threadBuffer) head(m *ebpf.Memory, slot uint32) (*bpf.GILThread, error) {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&b.slot)), slotHeadSize)
	_, err := m.ReadAt(raw, int64(slot)*((slotSize+eight)&^eight))
	return &b.slot, err
}

// all reads a slot as it was at one instant.
func (b *threadBuffer) all(m *ebpf.Memory, slot uint32) (*bpf.GILThread, error) {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&b.slot)), slotSize)
	err := steady(&b.slot.Seq, func() error {
		_, err := m.ReadAt(raw, int64(slot)*((slotSize+eight)&^eight))
		return err
	})
	return &b.slot, err
}

// steady reads until what was read is of one instant: its sequence number is
// even, and the same before and after. What is still not after many tries (its
// writer was preempted in the middle) is taken as it is: each number in it is
// right, if not of the same instant.
func steady(seq *uint32, read func() error) error {
	for range 50 {
		if err := read(); err != nil {
			return err
		}
		before := atomic.LoadUint32(seq)
		if before&1 != 0 {
			continue
		}
		if err := read(); err != nil {
			return err
		}
		if atomic.LoadUint32(seq) == before {
			return nil
		}
	}
	return nil
}

func (t *gilTable) state(index uint32) (*bpf.GILState, error) {
	var s bpf.GILState
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&s)), stateSize)
	err := steady(&s.Seq, func() error {
		_, err := t.states.ReadAt(raw, int64(index)*stateSize)
		return err
	})
	return &s, err
}

func (t *gilTable) process(index uint32) (p bpf.GILProcess, err error) {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&p)), processSize)
	_, err = t.processes.ReadAt(raw, int64(index)*processSize)
	return p, err
}

// pollGIL brings what is known of GILs and threads up to date with the maps.
func (s *Source) pollGIL() error {
	if s.gil == nil {
		return nil
	}
	if err := s.pollThreads(); err != nil {
		return fmt.Errorf("read what threads did with the GIL: %w", err)
	}
	byIndex := map[uint64]*gilObject{}
	for _, p := range s.order {
		if p.gil != nil && p.gil.light != nil {
			p.gil.light.collect(s, p)
		}
		if p.gil == nil || p.gil.links == nil {
			continue
		}
		var err error
		if p.gil.now, err = s.gil.process(p.gil.index); err != nil {
			return fmt.Errorf("read the GIL's counters: %w", err)
		}
		for _, o := range p.gil.gils {
			if !o.active {
				continue
			}
			state, err := s.gil.state(o.index)
			if err != nil {
				return fmt.Errorf("read the GIL's counters: %w", err)
			}
			o.now = *state
			byIndex[uint64(o.index)] = o
			o.pairsNow = map[pair]pairCount{}
			o.blameNow = map[blamed]blameCount{}
			s.holdSeeded(p, o)
		}
	}
	if err := s.pollPairs(byIndex); err != nil {
		return err
	}
	if err := s.pollBlame(byIndex); err != nil {
		return err
	}
	if err := s.pollSteps(byIndex); err != nil {
		return err
	}
	if err := s.pollWorlds(); err != nil {
		return err
	}
	s.foldThreads()
	return nil
}

// holdSeeded tells the thread that has held a GIL since before pytop came so:
// the kernel has not seen it yet.
func (s *Source) holdSeeded(p *process, o *gilObject) {
	t := s.gil
	clock := p.gil.clock()
	if !o.seeded(&o.now) || o.seedHolder == 0 || clock <= o.now.Attached {
		return
	}
	one := t.byTID[threadName{p.info.PID, o.seedHolder}]
	if one == nil {
		if p.gone != "" {
			return // it has ended, and was told
		}
		one = t.thread(p, o.seedHolder)
	}
	if one.slotID == 0 {
		one.now = threadCounts{} // else it was just read
	}
	held := clock - o.now.Attached
	one.now.hold, one.now.holdMax, one.now.holding = one.now.hold+held, max(one.now.holdMax, held), held
}

// pollThreads reads the slots in use, and frees those whose thread has ended.
func (s *Source) pollThreads() error {
	t := s.gil
	t.polled = time.Now()
	for _, p := range s.order {
		if p.gil != nil {
			p.gil.unsettled = 0
		}
	}
	var b threadBuffer
	for slot := range s.maps.GilThreads.MaxEntries() {
		head, err := b.head(t.threads, slot)
		if err != nil {
			return err
		}
		if head.Id == 0 {
			continue
		}
		one, err := b.all(t.threads, slot)
		if err != nil {
			return err
		}
		o := t.slots[one.Id]
		if o == nil {
			if o = s.newSlot(one); o == nil {
				continue
			}
			o.slot, o.slotID = slot, one.Id
			o.comm = comm(&one.Comm)
			t.slots[one.Id] = o
		}
		if one.Ended == 0 {
			o.now, o.stepSince = threadCountsOf(one, o.process.gil.clock()), one.StepSince
			o.process.gil.unsettled++
			if o.ended { // as /proc says: its slot will
				o.now.stopped()
			}
			continue
		}
		last := threadCountsOf(one, 0)
		o.comm = comm(&one.Comm)
		o.done.add(&last)
		o.now, o.slotID, o.ended, o.stepSince = threadCounts{}, 0, true, 0
		delete(t.byTID, o.name)
		if err := s.freeSlot(slot); err != nil {
			return err
		}
	}
	return nil
}

// comm is a thread's name as the kernel keeps it.
func comm(raw *[16]int8) string {
	var name []byte
	for _, c := range raw {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	return string(name)
}

// newSlot finds or makes the thread that a slot is of; nil: of no process that
// is watched.
func (s *Source) newSlot(one *bpf.GILThread) *gilThread {
	for _, p := range s.order {
		if p.gil != nil && p.gil.links != nil && p.gil.index == one.Process {
			return s.gil.thread(p, int(one.Tid))
		}
	}
	return nil
}

// thread finds or makes a living thread.
func (t *gilTable) thread(p *process, tid int) *gilThread {
	name := threadName{p.info.PID, tid}
	o := t.byTID[name]
	if o == nil || o.slotID != 0 && o.ended {
		t.lastID++
		o = &gilThread{id: t.lastID, name: name, process: p}
		t.byTID[name] = o
		t.all = append(t.all, o)
	}
	return o
}

// freeSlot makes a slot that was read another thread's.
func (s *Source) freeSlot(slot uint32) error {
	var b threadBuffer
	head, err := b.head(s.gil.threads, slot)
	if err != nil {
		return err
	}
	task := head.Task
	var known uint32
	if s.maps.GilSlots.Lookup(&task, &known) == nil && known == slot {
		if err := s.maps.GilSlots.Delete(&task); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return err
		}
	}
	if err := s.maps.GilThreads.Put(&slot, &bpf.GILThread{}); err != nil {
		return err
	}
	return s.maps.GilFree.Update(nil, &slot, ebpf.UpdateAny)
}

// pair is a switch between two threads, by the kernel's ids for them.
type pair struct{ from, to uint64 }

// pairCount is what went between two threads.
type pairCount struct{ switches, wait uint64 }

func (n pairCount) plus(o pairCount) pairCount {
	return pairCount{n.switches + o.switches, n.wait + o.wait}
}

// pollPairs reads the switches, and takes those out whose threads have ended.
func (s *Source) pollPairs(byIndex map[uint64]*gilObject) error {
	var dead []bpf.GILPair
	err := readAll(s.maps.GilPairs, func(key bpf.GILPair, count bpf.GILPairCount) {
		n := pairCount{count.Switches, count.WaitNs}
		o := byIndex[key.Gil]
		if o == nil {
			return
		}
		from, to := s.gil.slots[key.From], s.gil.slots[key.To]
		if from != nil && from.ended || to != nil && to.ended {
			dead = append(dead, key)
			return
		}
		o.pairsNow[pair{key.From, key.To}] = n
	})
	if err != nil {
		return fmt.Errorf("read the switches: %w", err)
	}
	return takeAll(s.maps.GilPairs, dead, func(key bpf.GILPair, count bpf.GILPairCount) {
		o, ours := byIndex[key.Gil], pair{key.From, key.To}
		o.pairs[ours] = o.pairs[ours].plus(pairCount{count.Switches, count.WaitNs})
	})
}

// readAll reads all entries of a hash.
func readAll[K, V any](m *ebpf.Map, each func(K, V)) error {
	keys, values := make([]K, 1024), make([]V, 1024)
	var cursor ebpf.MapBatchCursor
	for {
		n, err := m.BatchLookup(&cursor, keys, values, nil)
		for i := range n {
			each(keys[i], values[i])
		}
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// takeAll takes entries out, and reads what they hold at that moment.
func takeAll[K, V any](m *ebpf.Map, keys []K, each func(K, V)) error {
	for i := range keys {
		var value V
		switch err := m.LookupAndDelete(&keys[i], &value); {
		case err == nil:
			each(keys[i], value)
		case !errors.Is(err, ebpf.ErrKeyNotExist):
			return fmt.Errorf("take out what was read: %w", err)
		}
	}
	return nil
}

// deleteAll deletes entries; one that is not there ends a batch, so that it is
// stepped over.
func deleteAll[K any](m *ebpf.Map, keys []K) error {
	for len(keys) > 0 {
		n, err := m.BatchDelete(keys, nil)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, ebpf.ErrKeyNotExist):
			return err
		}
		keys = keys[min(n+1, len(keys)):]
	}
	return nil
}

// retireGIL takes a process that is followed no more out of the maps, after
// they were read.
func (s *Source) retireGIL(p *process) error {
	g, t := p.gil, s.gil
	g.spent += g.hitsNow()
	var errs []error
	for _, o := range t.all {
		if o.process != p {
			continue
		}
		o.settle()
		if o.slotID != 0 {
			o.slotID = 0
			errs = append(errs, s.freeSlot(o.slot))
		}
	}
	for _, o := range g.gils {
		if o.active {
			errs = append(errs, s.retireObject(g, o))
		}
	}
	for _, sum := range []struct{ to, from *uint64 }{
		{&g.done.Other, &g.now.Other}, {&g.done.Lost, &g.now.Lost}, {&g.done.LostPairs, &g.now.LostPairs},
		{&g.done.LostBlame, &g.now.LostBlame}, {&g.done.Unreadable, &g.now.Unreadable},
	} {
		*sum.to += *sum.from
	}
	g.now = bpf.GILProcess{}
	errs = append(errs, s.maps.GilProcesses.Put(&g.index, &g.now))
	t.freeProcesses = append(t.freeProcesses, g.index)
	return errors.Join(errs...)
}

// retireObject makes what was counted of a GIL final, and its index another's.
func (s *Source) retireObject(g *gilProcess, o *gilObject) error {
	t := s.gil
	clock := g.clock()
	if since := o.heldSince(&o.now); since != 0 {
		o.now.HeldNs += less(clock, since)
	}
	o.measured += time.Duration(less(clock, o.now.Attached))
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
	errs := []error{deleteAll(s.maps.GilPairs, pairs), deleteAll(s.maps.Blame, blame)}
	for _, at := range []uint64{o.cond, o.switchCond} {
		key := bpf.GILCond{Process: uint64(g.index), Address: at}
		if err := s.maps.GilConds.Delete(&key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			errs = append(errs, err)
		}
	}
	if g.now.Gil == o.index && g.now.Cond == o.cond {
		errs = append(errs, s.setFirst(g, 0, 0, 0))
	}
	index := o.index
	errs = append(errs, s.maps.GilStates.Put(&index, &bpf.GILState{}))
	t.freeStates = append(t.freeStates, index)
	return errors.Join(errs...)
}

// addState adds what the kernel counted to what was counted before.
func (o *gilObject) addState() {
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
