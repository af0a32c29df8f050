package gil

import (
	"strings"
	"testing"

	"pytop/bpf"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/livetest"
)

// TestBlameStacks: the stacks that were read leave the kernel's map, so that
// one full of old stacks has room for those that make others wait now.
func TestBlameStacks(t *testing.T) {
	livetest.NeedRoot(t)
	w, s := follow(t, livetest.WithGIL(t)[0], "spin", "0.5")
	for key := uint64(2); ; key += 2 { // the programs' own keys are odd
		if s.table.Maps.BlameStacks.Put(&key, &bpf.BlameStack{}) != nil {
			break
		}
	}
	livetest.Read(t, s)
	once(t, w)
	named(t, livetest.Read(t, s), "spin")
	livetest.Read(t, s)
	left := 0
	if err := kernelmap.ReadAll(s.table.Maps.BlameStacks, func(uint64, bpf.BlameStack) { left++ }); err != nil || left > 100 {
		t.Errorf("%d stacks are in the map, %v", left, err)
	}
}

// TestBlameLost: blame for which there was no room is said.
func TestBlameLost(t *testing.T) {
	g := &followed{}
	if why := g.weak(); why != "" {
		t.Errorf("nothing was lost: %q", why)
	}
	g.done.LostBlame, g.now.LostBlame = 2, 3
	if why := g.weak(); !strings.HasPrefix(why, "5 steps of waits") {
		t.Errorf("it says %q", why)
	}
}
