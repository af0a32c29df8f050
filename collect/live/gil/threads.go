package gil

import (
	"errors"
	"slices"
	"time"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect"
)

// thread is a thread that used a GIL.
type thread struct {
	id         uint64
	name       threadName
	slot       uint32
	slotID     uint64 // the kernel's id for it; 0: it has no slot
	ended      bool
	vanished   time.Time // since when /proc does not list it while it has a slot; zero: it does
	comm       string
	now, done  threadCounts
	process    *followed
	folded     *thread // which stands for it
	cpu, runq  time.Duration
	cpuKnown   bool
	state      string
	place      collect.Place
	inter      int64 // ID of its interpreter
	interKnown bool
	longSince  uint64 // when the last of its long waits began
	stepSince  uint64 // of the wait that goes on: when its last step began; 0: it does not wait
}

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

// pollThreads reads the slots in use, and frees those whose thread has ended.
func (t *table) pollThreads() error {
	t.polled = time.Now()
	for _, g := range t.list() {
		g.unsettled = 0
	}
	var b threadBuffer
	for slot := range t.Maps.GilThreads.MaxEntries() {
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
			if o = t.newSlot(one); o == nil {
				continue
			}
			o.slot, o.slotID = slot, one.Id
			o.comm = comm(&one.Comm)
			t.slots[one.Id] = o
		}
		if one.Ended == 0 && !o.untold() {
			o.now, o.stepSince = threadCountsOf(one, o.process.clock()), one.StepSince
			o.process.unsettled++
			if o.ended { // as /proc says: its slot will
				o.now.stopped()
			}
			continue
		}
		clock := uint64(0)
		if one.Ended == 0 && o.process.Gone != "" {
			clock = o.process.clock()
		}
		o.now, o.comm = threadCountsOf(one, clock), comm(&one.Comm)
		o.slotID, o.ended = 0, true
		o.settle()
		delete(t.byTID, o.name)
		if err := t.freeSlot(slot); err != nil {
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
func (t *table) newSlot(one *bpf.GILThread) *thread {
	for _, g := range t.list() {
		if g.links != nil && g.index == one.Process {
			return t.thread(g, int(one.Tid))
		}
	}
	return nil
}

// thread finds or makes a living thread.
func (t *table) thread(g *followed, tid int) *thread {
	name := threadName{g.Info.PID, tid}
	o := t.byTID[name]
	if o == nil || o.slotID != 0 && o.ended {
		t.lastID++
		o = &thread{id: t.lastID, name: name, process: g}
		t.byTID[name] = o
		t.all = append(t.all, o)
	}
	return o
}

// freeSlot makes a slot that was read another thread's.
func (t *table) freeSlot(slot uint32) error {
	var b threadBuffer
	head, err := b.head(t.threads, slot)
	if err != nil {
		return err
	}
	task := head.Task
	var known uint32
	if t.Maps.GilSlots.Lookup(&task, &known) == nil && known == slot {
		if err := t.Maps.GilSlots.Delete(&task); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return err
		}
	}
	if err := t.Maps.GilThreads.Put(&slot, &bpf.GILThread{}); err != nil {
		return err
	}
	return t.Maps.GilFree.Update(nil, &slot, ebpf.UpdateAny)
}

// creditSeeded tells the thread that has held a GIL since before pytop came so:
// the kernel has not seen it yet.
func (t *table) creditSeeded(g *followed, o *object) {
	clock := g.clock()
	if !o.seeded(&o.now) || o.seedHolder == 0 || clock <= o.now.Attached {
		return
	}
	one := t.byTID[threadName{g.Info.PID, o.seedHolder}]
	if one == nil {
		if g.Gone != "" {
			return // it has ended, and was told
		}
		one = t.thread(g, o.seedHolder)
	}
	if one.slotID == 0 {
		one.now = threadCounts{} // else it was just read
	}
	held := clock - o.now.Attached
	one.now.hold, one.now.holdMax, one.now.holding = one.now.hold+held, max(one.now.holdMax, held), held
}

// end notes that a thread is no more.
func (o *thread) end(t *table) {
	o.ended, o.place, o.state = true, collect.Place{}, ""
	if o.slotID == 0 {
		o.settle()
	} else { // the kernel has more to say: its slot is read once more
		o.now.stopped()
		o.vanished = time.Now()
	}
	if t.byTID[o.name] == o {
		delete(t.byTID, o.name)
	}
}

// endPatience is how long a thread that is no more may take to be noted by the
// program that runs at its end.
const endPatience = 200 * time.Millisecond

// untold tells whether a thread has ended, and the kernel ran no program then
// (see bpf's Untold): its slot is freed all the same.
func (o *thread) untold() bool {
	if o.process.Watch != nil && o.process.Gone != "" {
		return true // known by its pidfd: after all of them
	}
	return !o.vanished.IsZero() && time.Since(o.vanished) > endPatience
}

// settle makes what was counted of a thread final.
func (o *thread) settle() {
	o.done.add(&o.now)
	o.now, o.stepSince = threadCounts{}, 0
}

// reading is a thread as of the last poll; false: it has ended without ever
// having used a GIL.
func (o *thread) reading() (collect.ThreadReading, bool) {
	n := o.done
	n.add(&o.now)
	if o.ended && n.takes == 0 && n.drops == 0 && n.hold == 0 && n.wait == 0 && n.pauses+n.parks == 0 {
		return collect.ThreadReading{}, false
	}
	r := collect.ThreadReading{
		ID: o.id, PID: o.name.pid, TID: o.name.tid, Name: o.comm, Interpreter: -1, State: o.state, Place: o.place, Ended: o.ended,
		CPU: o.cpu, RunQueue: o.runq, CPUKnown: o.cpuKnown,
		Measured: o.process.status == collect.ProbeOn || n.takes > 0,
		Holds:    n.takes, Hold: time.Duration(n.hold), HoldMax: time.Duration(n.holdMax), Holding: time.Duration(o.now.holding),
		Waits: n.waits, Wait: time.Duration(n.wait), WaitMax: time.Duration(n.waitMax), Waiting: time.Duration(o.now.waiting),
		Forced: n.forced, HoldHist: slices.Clone(n.holdHist[:]), WaitHist: slices.Clone(n.waitHist[:]),
	}
	if r.NoGIL = o.process.world != nil; r.NoGIL {
		r.Pauses, r.Pause, r.PauseMax, r.Pausing = n.pauses, time.Duration(n.pause), time.Duration(n.pauseMax), time.Duration(o.now.pausing)
		r.Parks, r.Park, r.Measured = n.parks, time.Duration(n.park), r.Measured || n.waits+n.pauses+n.parks > 0
	}
	if o.interKnown {
		r.Interpreter = o.inter
	}
	return r, true
}
