package gil

import (
	"testing"

	"pytop/collect"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
)

// TestFoldThreads: what is known of threads that have ended stays bounded, and
// sums stay what they were.
func TestFoldThreads(t *testing.T) {
	of := &target.Process{Info: &collect.Process{PID: 7}}
	o := &object{pairs: map[pair]pairCount{}, blame: map[blamed]blameCount{}}
	p := &followed{Process: of, gils: []*object{o}}
	table := &table{
		Host: &probe.Host{Targets: &target.Set{Order: []*target.Process{of}}}, of: map[*target.Process]*followed{of: p},
		slots: map[uint64]*thread{}, byTID: map[threadName]*thread{}, stacks: map[uint64]blamedStack{},
	}
	const main, many = uint64(1), uint64(50_000)
	table.slots[main] = table.thread(p, 7)
	for id := main + 1; id <= main+many; id++ {
		one := table.thread(p, int(id)+100)
		table.slots[id] = one
		one.ended, one.done = true, threadCounts{takes: 2, hold: 5}
		delete(table.byTID, one.name)
		o.pairs[pair{main, id}], o.pairs[pair{id, main}] = pairCount{1, 10}, pairCount{1, 20}
		o.blame[blamed{id, id % 3}] = blameCount{100, 1}
		table.foldThreads()
	}
	if n := max(len(table.all), len(table.slots), len(o.pairs)/2, len(o.blame)/3); n > 2*keptThreads+1 {
		t.Errorf("%d threads, %d slots, %d pairs, %d blamed are kept", len(table.all), len(table.slots), len(o.pairs), len(o.blame))
	}
	var takes, switches, wait, caused, nameless uint64
	for _, one := range table.all {
		takes += one.done.takes
	}
	for _, pair := range table.pairReading(o) {
		switches, wait = switches+pair.Count, wait+uint64(pair.Wait)
		if pair.From == 0 || pair.To == 0 {
			nameless++
		}
	}
	for _, b := range table.blameReading(o) {
		caused += uint64(b.Wait)
		if b.Thread == 0 {
			nameless++
		}
	}
	if takes != 2*many || switches != 2*many || wait != 30*many || caused != 100*many || nameless != 0 {
		t.Errorf("%d takes, %d switches, %d ns waited, %d caused, %d without a thread", takes, switches, wait, caused, nameless)
	}
}
