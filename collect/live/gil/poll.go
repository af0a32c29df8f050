package gil

import (
	"fmt"

	"pytop/bpf"
	"pytop/collect/live/kernelmap"
)

// poll brings what is known of GILs and threads up to date with the maps.
func (t *table) poll() error {
	if !t.opened() {
		return nil
	}
	if err := t.pollThreads(); err != nil {
		return fmt.Errorf("read what threads did with the GIL: %w", err)
	}
	byIndex := map[uint64]*object{}
	for _, g := range t.list() {
		if g.sampler != nil {
			g.sampler.collect(t, g)
		}
		if g.links == nil {
			continue
		}
		var err error
		if g.now, err = t.process(g.index); err != nil {
			return fmt.Errorf("read the GIL's counters: %w", err)
		}
		for _, o := range g.gils {
			if !o.active {
				continue
			}
			state, err := t.state(o.index)
			if err != nil {
				return fmt.Errorf("read the GIL's counters: %w", err)
			}
			o.now = *state
			byIndex[uint64(o.index)] = o
			o.pairsNow = map[pair]pairCount{}
			o.blameNow = map[blamed]blameCount{}
			t.creditSeeded(g, o)
		}
	}
	if err := t.pollPairs(byIndex); err != nil {
		return err
	}
	if err := t.pollBlame(byIndex); err != nil {
		return err
	}
	if err := t.pollSteps(byIndex); err != nil {
		return err
	}
	if err := t.pollWorlds(); err != nil {
		return err
	}
	t.foldThreads()
	return nil
}

// pair is a switch between two threads, by the kernel's ids for them.
type pair struct{ from, to uint64 }

// pairCount is what went between two threads.
type pairCount struct{ switches, wait uint64 }

func (n pairCount) plus(o pairCount) pairCount {
	return pairCount{n.switches + o.switches, n.wait + o.wait}
}

// pollPairs reads the switches, and takes those out whose threads have ended.
func (t *table) pollPairs(byIndex map[uint64]*object) error {
	var dead []bpf.GILPair
	err := kernelmap.ReadAll(t.Maps.GilPairs, func(key bpf.GILPair, count bpf.GILPairCount) {
		n := pairCount{count.Switches, count.WaitNs}
		o := byIndex[key.Gil]
		if o == nil {
			return
		}
		from, to := t.slots[key.From], t.slots[key.To]
		if from != nil && from.ended || to != nil && to.ended {
			dead = append(dead, key)
			return
		}
		o.pairsNow[pair{key.From, key.To}] = n
	})
	if err != nil {
		return fmt.Errorf("read the switches: %w", err)
	}
	return kernelmap.TakeAll(t.Maps.GilPairs, dead, func(key bpf.GILPair, count bpf.GILPairCount) {
		o, ours := byIndex[key.Gil], pair{key.From, key.To}
		o.pairs[ours] = o.pairs[ours].plus(pairCount{count.Switches, count.WaitNs})
	})
}
