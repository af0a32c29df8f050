package gil

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"pytop/collect/live/probe"
	"pytop/collect/live/target"
)

// table is what is known of all GILs, of the waits of processes that have none,
// and of the threads. The kernel's slots are given out and cleared here. The two
// probes share it: a process may begin with a GIL and end without.
type table struct {
	*probe.Host
	of         map[*target.Process]*followed // those that were tried to follow
	builds     map[*target.Build]*build
	conditions []*conditions
	ended      ended

	processes, states, threads *ebpf.Memory // nil: not open yet
	freeProcesses, freeStates  []uint32
	exit                       link.Link // notes the end of threads
	slots                      map[uint64]*thread
	byTID                      map[threadName]*thread // those that live
	all                        []*thread
	stacks                     map[uint64]blamedStack
	lastID, lastSeed           uint64
	room                       int          // mostFollowed; less in tests
	sampling                   atomic.Int32 // processes whose fields are read instead
	noticed                    time.Time    // when it was last looked for processes that came
	released                   time.Time    // when files were given up last
	polled                     time.Time    // when threads were read last
}

// open prepares the table; it is done once.
func (t *table) open() (err error) {
	if t.threads != nil {
		return nil
	}
	defer func() {
		if err != nil { // it is tried again
			t.threads, t.freeProcesses, t.freeStates = nil, nil, nil
		}
	}()
	for _, m := range []struct {
		from *ebpf.Map
		to   **ebpf.Memory
	}{{t.Maps.GilProcesses, &t.processes}, {t.Maps.GilStates, &t.states}, {t.Maps.GilThreads, &t.threads}} {
		if *m.to, err = m.from.Memory(); err != nil {
			return fmt.Errorf("map the GIL's counters: %w", err)
		}
	}
	for i := t.Maps.GilProcesses.MaxEntries(); i > 0; i-- {
		t.freeProcesses = append(t.freeProcesses, i-1)
	}
	for i := t.Maps.GilStates.MaxEntries(); i > 0; i-- {
		t.freeStates = append(t.freeStates, i-1)
	}
	for i := range t.Maps.GilThreads.MaxEntries() {
		if err := t.Maps.GilFree.Update(nil, &i, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("give out slots for threads: %w", err)
		}
	}
	return nil
}

// opened tells whether some process was tried to follow.
func (t *table) opened() bool { return t.threads != nil }

// list is the processes that were tried to follow, in the order of all.
func (t *table) list() []*followed {
	list := make([]*followed, 0, len(t.of))
	for _, p := range t.Targets.Order {
		if g := t.of[p]; g != nil {
			list = append(list, g)
		}
	}
	return list
}

// those are the processes of a list that were tried to follow, with a GIL or without.
func (t *table) those(of []*target.Process, parks bool) (list []*followed) {
	for _, p := range of {
		if g := t.of[p]; g != nil && (g.world != nil) == parks {
			list = append(list, g)
		}
	}
	return list
}
