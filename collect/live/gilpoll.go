package live

import (
	"fmt"

	"pytop/bpf"
	"pytop/collect/live/kernelmap"
)

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
	err := kernelmap.ReadAll(s.maps.GilPairs, func(key bpf.GILPair, count bpf.GILPairCount) {
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
	return kernelmap.TakeAll(s.maps.GilPairs, dead, func(key bpf.GILPair, count bpf.GILPairCount) {
		o, ours := byIndex[key.Gil], pair{key.From, key.To}
		o.pairs[ours] = o.pairs[ours].plus(pairCount{count.Switches, count.WaitNs})
	})
}
