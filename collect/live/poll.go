package live

import (
	"errors"
	"fmt"
	"time"

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

// poll brings the functions up to date with the maps.
func (s *Source) poll() error {
	b := &s.buffers
	unknown, err := s.readStates() // first: of those that have ended the maps then hold all
	if err != nil {
		return err
	}
	if err := b.readMaps(s.maps); err != nil {
		return err
	}
	s.names.sync()
	s.polls++
	for _, f := range s.functions.all {
		f.now = counts{}
	}
	final := make(map[uint64]bool, len(b.gone))
	for i := range b.gone {
		final[b.gone[i].Id] = true
		s.addGone(&b.gone[i])
	}
	living := 0
	for i := range b.live {
		if len(final) == 0 || !final[b.live[i].count.Id] {
			s.addLive(&b.live[i])
			living++
		}
	}
	if len(s.functions.objects) > living { // some are in neither map: lost with a full gone
		for id, o := range s.functions.objects {
			if o.seen != s.polls {
				delete(s.functions.objects, id)
			}
		}
	}
	s.functions.fold(s.polls, s.focus)
	if err := s.forgetUnknown(unknown); err != nil {
		return err
	}
	err = errors.Join(s.pollGIL(), s.account())
	s.prove()
	return err
}

// account brings the processes up to date after the functions.
func (s *Source) account() error {
	s.polled = time.Now()
	totals := s.functions.totals()
	for _, p := range s.order {
		p.account(totals[p])
	}
	return nil
}

func (s *Source) addGone(n *bpf.CallCount) {
	var f *function
	if o := s.functions.objects[n.Id]; o != nil {
		f = o.function
		delete(s.functions.objects, n.Id)
	} else {
		name, _, ok := s.names.take(n.Id)
		if !ok {
			name = nameLost
			s.namesLost++
		}
		f = s.functions.of(s.processOf(n), name, n.Flags&bpf.Generator != 0)
	}
	f.done.add(countsOf(n))
	if n.Flags&bpf.Generator == 0 {
		s.counted(f, n.Start)
	}
}

func (s *Source) addLive(e *entry) {
	o := s.functions.objects[e.count.Id]
	if o == nil {
		p := s.processOf(&e.count)
		name := s.nameOf(e, p)
		o = &object{key: e.key, function: s.functions.of(p, name, e.count.Flags&bpf.Generator != 0)}
		s.functions.objects[e.count.Id] = o
		if s.focus != 0 && o.function.code.ID == s.focus {
			s.focusObject(o)
		}
	}
	o.seen, o.last = s.polls, countsOf(&e.count)
	o.function.seen = s.polls
	o.function.now.add(o.last)
	s.holdAgainst(o, e.count.Calls+e.count.Resumes)
}

// nameLost is what a function is called whose name could not be had.
var nameLost = objectName{file: "?", function: "(name lost)"}

// nameOf finds the name that the kernel sent for a living code object, or
// reads it from the process when none came or it was too long for an event.
func (s *Source) nameOf(e *entry, p *process) objectName {
	name, whole, ok := s.names.take(e.count.Id)
	if ok && whole {
		return name
	}
	if p != nil && p.build != nil {
		read, err := readName(p.info.PID, e.key.Code, &p.build.offsets)
		var now bpf.CallCount
		if err == nil && s.maps.Live.Lookup(&e.key, &now) == nil && now.Id == e.count.Id {
			return read
		}
	}
	if ok {
		return name // cut, which is better than none
	}
	s.namesLost++
	return nameLost
}
