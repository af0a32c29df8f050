package calls

import (
	"fmt"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect/live/kernelmap"
)

// batch is how many map entries one system call reads.
const batch = 16384

// entry is a living code object's key and counts, as read from the kernel.
type entry struct {
	key   bpf.CallKey
	count bpf.CallCount
}

// buffers keeps what polls read into, from one to the next.
type buffers struct {
	keys   []bpf.CallKey
	ids    []uint64
	counts []bpf.CallCount
	live   []entry
	gone   []bpf.CallCount
}

// readMaps reads live, then gone, which it empties. In this order a code
// object that is freed meanwhile is in one of them at least; what is in both
// is final in gone.
func (b *buffers) readMaps(m *bpf.Maps) error {
	if b.keys == nil {
		b.keys, b.ids, b.counts = make([]bpf.CallKey, batch), make([]uint64, batch), make([]bpf.CallCount, batch)
	}
	b.live, b.gone = b.live[:0], b.gone[:0]
	var cursor ebpf.MapBatchCursor
	for {
		n, err := m.Live.BatchLookup(&cursor, b.keys, b.counts, nil)
		for i := range n {
			b.live = append(b.live, entry{b.keys[i], b.counts[i]})
		}
		if done, err := kernelmap.BatchEnded(err); done {
			break
		} else if err != nil {
			return fmt.Errorf("read live counts: %w", err)
		}
	}
	cursor = ebpf.MapBatchCursor{}
	for {
		n, err := m.Gone.BatchLookupAndDelete(&cursor, b.ids, b.counts, nil)
		b.gone = append(b.gone, b.counts[:n]...)
		if done, err := kernelmap.BatchEnded(err); done {
			return nil
		} else if err != nil {
			return fmt.Errorf("read final counts: %w", err)
		}
	}
}

// Poll brings the functions up to date with the maps. What the programs know of
// processes was read before: of those that have ended the maps then hold all.
func (c *Calls) Poll() error {
	b := &c.buffers
	if err := b.readMaps(c.Maps); err != nil {
		return err
	}
	c.names.sync()
	c.polls++
	for _, f := range c.functions.all {
		f.now = counts{}
	}
	final := make(map[uint64]bool, len(b.gone))
	for i := range b.gone {
		final[b.gone[i].Id] = true
		c.addGone(&b.gone[i])
	}
	living := 0
	for i := range b.live {
		if len(final) == 0 || !final[b.live[i].count.Id] {
			c.addLive(&b.live[i])
			living++
		}
	}
	if len(c.functions.objects) > living { // some are in neither map: lost with a full gone
		for id, o := range c.functions.objects {
			if o.seen != c.polls {
				delete(c.functions.objects, id)
			}
		}
	}
	c.functions.fold(c.polls, c.focus)
	c.sum()
	return nil
}

// sum brings the processes up to date after the functions.
func (c *Calls) sum() {
	totals := c.functions.totals()
	for _, p := range c.all() {
		other := p.State.Freed + p.State.Instrumented + p.State.Executor
		for _, n := range p.State.Lost {
			other += n
		}
		p.total = totals[p]
		if p.Build != nil {
			p.spent = hits{calls: p.total.calls, resumes: p.total.resumes, other: other}
		}
	}
}

// processOf is the process that was counted; nil: it was dropped before.
func (c *Calls) processOf(n *bpf.CallCount) *process {
	p := c.Targets.Of(bpf.ProcessKey{Pid: n.Pid, Started: n.Started})
	if p == nil {
		return nil
	}
	return c.process(p)
}

func (c *Calls) addGone(n *bpf.CallCount) {
	var f *function
	if o := c.functions.objects[n.Id]; o != nil {
		f = o.function
		delete(c.functions.objects, n.Id)
	} else {
		name, _, ok := c.names.take(n.Id)
		if !ok {
			name = nameLost
			c.namesLost++
		}
		f = c.functions.of(c.processOf(n), name, n.Flags&bpf.Generator != 0)
	}
	f.done.add(countsOf(n))
	if n.Flags&bpf.Generator == 0 {
		c.counted(f, n.Start)
	}
}

func (c *Calls) addLive(e *entry) {
	o := c.functions.objects[e.count.Id]
	if o == nil {
		p := c.processOf(&e.count)
		name := c.nameOf(e, p)
		o = &object{key: e.key, function: c.functions.of(p, name, e.count.Flags&bpf.Generator != 0)}
		c.functions.objects[e.count.Id] = o
		if c.focus != 0 && o.function.code.ID == c.focus {
			c.focusObject(o)
		}
	}
	o.seen, o.last = c.polls, countsOf(&e.count)
	o.function.seen = c.polls
	o.function.now.add(o.last)
	c.compareHits(o, e.count.Calls+e.count.Resumes)
}

// nameLost is what a function is called whose name could not be had.
var nameLost = objectName{file: "?", function: "(name lost)"}

// nameOf finds the name that the kernel sent for a living code object, or
// reads it from the process when none came or it was too long for an event.
func (c *Calls) nameOf(e *entry, p *process) objectName {
	name, whole, ok := c.names.take(e.count.Id)
	if ok && whole {
		return name
	}
	if p != nil && p.Build != nil {
		read, err := readName(p.Info.PID, e.key.Code, &p.Build.Offsets)
		var now bpf.CallCount
		if err == nil && c.Maps.Live.Lookup(&e.key, &now) == nil && now.Id == e.count.Id {
			return read
		}
	}
	if ok {
		return name // cut, which is better than none
	}
	c.namesLost++
	return nameLost
}
