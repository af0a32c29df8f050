package live

import (
	"errors"
	"slices"
	"time"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect"
)

// gilThread is a thread that used a GIL.
type gilThread struct {
	id         uint64
	name       threadName
	slot       uint32
	slotID     uint64 // the kernel's id for it; 0: it has no slot
	ended      bool
	vanished   time.Time // since when /proc does not list it while it has a slot; zero: it does
	comm       string
	now, done  threadCounts
	process    *process
	folded     *gilThread // which stands for it
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
		if one.Ended == 0 && !o.untold() {
			o.now, o.stepSince = threadCountsOf(one, o.process.gil.clock()), one.StepSince
			o.process.gil.unsettled++
			if o.ended { // as /proc says: its slot will
				o.now.stopped()
			}
			continue
		}
		clock := uint64(0)
		if one.Ended == 0 && o.process.gone != "" {
			clock = o.process.gil.clock()
		}
		o.now, o.comm = threadCountsOf(one, clock), comm(&one.Comm)
		o.slotID, o.ended = 0, true
		o.settle()
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

// end notes that a thread is no more.
func (o *gilThread) end(t *gilTable) {
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
func (o *gilThread) untold() bool {
	if o.process.watch != nil && o.process.gone != "" {
		return true // known by its pidfd: after all of them
	}
	return !o.vanished.IsZero() && time.Since(o.vanished) > endPatience
}

// settle makes what was counted of a thread final.
func (o *gilThread) settle() {
	o.done.add(&o.now)
	o.now, o.stepSince = threadCounts{}, 0
}

// reading is a thread as of the last poll; false: it has ended without ever
// having used a GIL.
func (o *gilThread) reading() (collect.ThreadReading, bool) {
	n := o.done
	n.add(&o.now)
	if o.ended && n.takes == 0 && n.drops == 0 && n.hold == 0 && n.wait == 0 && n.pauses+n.parks == 0 {
		return collect.ThreadReading{}, false
	}
	r := collect.ThreadReading{
		ID: o.id, PID: o.name.pid, TID: o.name.tid, Name: o.comm, Interpreter: -1, State: o.state, Place: o.place, Ended: o.ended,
		CPU: o.cpu, RunQueue: o.runq, CPUKnown: o.cpuKnown,
		Measured: o.process.gil.status == collect.ProbeOn || n.takes > 0,
		Holds:    n.takes, Hold: time.Duration(n.hold), HoldMax: time.Duration(n.holdMax), Holding: time.Duration(o.now.holding),
		Waits: n.waits, Wait: time.Duration(n.wait), WaitMax: time.Duration(n.waitMax), Waiting: time.Duration(o.now.waiting),
		Forced: n.forced, HoldHist: slices.Clone(n.holdHist[:]), WaitHist: slices.Clone(n.waitHist[:]),
	}
	if r.NoGIL = o.process.gil.world != nil; r.NoGIL {
		r.Pauses, r.Pause, r.PauseMax, r.Pausing = n.pauses, time.Duration(n.pause), time.Duration(n.pauseMax), time.Duration(o.now.pausing)
		r.Parks, r.Park, r.Measured = n.parks, time.Duration(n.park), r.Measured || n.waits+n.pauses+n.parks > 0
	}
	if o.interKnown {
		r.Interpreter = o.inter
	}
	return r, true
}
