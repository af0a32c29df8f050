package calls_test

import (
	"fmt"
	"strings"
	"testing"

	"pytop/bpf"
	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/livetest"
)

// TestNamesOverflow: thousands of first calls with long names, while nobody
// empties the ring of names. Those of the living are read later from the
// process itself; those of the freed are lost, and said to be.
func TestNamesOverflow(t *testing.T) {
	livetest.NeedRoot(t)
	const many, pad = 1000, 3000 // 32 KiB an event: the ring holds some 128
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			w := livetest.Obeying(t, p)
			s, c := open(t, w, live.Options{Probes: livetest.OnlyCalls})
			w.Obey(t, fmt.Sprintf("make a %d %d", many, pad), "made")
			w.Obey(t, fmt.Sprintf("make b %d %d", many, pad), "made")

			release := c.StopNames() // a slow reader
			w.Obey(t, "run a 2", "ran")
			release()
			r := livetest.Read(t, s)
			if n := lostOf(c, bpf.LostNames); n == 0 {
				t.Error("the ring was not full: the test shows nothing")
			}
			got := livetest.Calls(r)
			for i := range many {
				if name := fmt.Sprintf("a_%05d", i) + strings.Repeat("x", pad); got[name] != 2 {
					t.Fatalf("a_%05d…: %d calls, want 2", i, got[name])
				}
			}
			if n := livetest.Lost(r, "names"); n != 0 {
				t.Errorf("%d names lost, want none", n)
			}

			release = c.StopNames()
			w.Obey(t, "run b 3", "ran")
			w.Obey(t, "free b", "freed")
			release()
			r = livetest.Read(t, s)
			got = livetest.Calls(r)
			named, nameless := 0, uint64(0)
			for name, n := range got {
				switch {
				case name == calls.NameLost:
					nameless = n
				case strings.HasPrefix(name, "b_"):
					if named++; n != 3 {
						t.Errorf("%.20s…: %d calls, want 3", name, n)
					}
				}
			}
			if uint64(named)+livetest.Lost(r, "names") != many || nameless != 3*livetest.Lost(r, "names") || nameless == 0 {
				t.Errorf("%d functions by name, %d names lost with %d calls; want %d functions of 3 calls", named, livetest.Lost(r, "names"), nameless, many)
			}
			if want := uint64(2*many + 3*many + 2); livetest.Total(r) != want {
				t.Errorf("%d calls in all, want %d", livetest.Total(r), want)
			}
		})
	}
}

// TestBurstUnread: 5,000 functions called for the first time at once, and
// nobody reads until the end.
func TestBurstUnread(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	w := livetest.Obeying(t, livetest.Some(t)[0])
	s, c := open(t, w, live.Options{Probes: livetest.OnlyCalls})
	w.Obey(t, "make a 5000", "made")
	release := c.StopNames()
	w.Obey(t, "run a 1", "ran")
	release()
	r := livetest.Read(t, s)
	livetest.Family(t, r, "a", 5000, 1)
	if n := livetest.Lost(r, "names"); n != 0 {
		t.Errorf("%d names lost", n)
	}
}

// lostOf is how many hits of the first process were lost.
func lostOf(c *calls.Calls, why int) uint64 {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	return c.Targets.Order[0].State.Lost[why]
}
