package live_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestCollections: links that nothing refers to are closed by the collector,
// without a word; ours are kept. The one at code_dealloc too: else functions
// that reuse memory get the counts of those that were there before.
func TestCollections(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			w := livetest.Obeying(t, p)
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			collect := func() {
				for range 3 { // finalizers run after the first, what they held goes in the next
					runtime.GC()
					time.Sleep(10 * time.Millisecond)
				}
			}
			reused := 0
			for i, name := range []string{"a", "b", "c"} {
				collect()
				var n, again int
				fmt.Sscanf(w.Obey(t, "make "+name+" 1000", "made"), "made %d %d", &n, &again)
				reused += again
				w.Obey(t, fmt.Sprintf("run %s %d", name, i+2), "ran")
				collect()
				w.Obey(t, "free "+name, "freed")
			}
			r := livetest.Read(t, s)
			for i, name := range []string{"a", "b", "c"} {
				livetest.Family(t, r, name, 1000, uint64(i+2))
			}
			if want := uint64(1000*(2+3+4) + 3); livetest.Total(r) != want {
				t.Errorf("%d calls in all, want %d", livetest.Total(r), want)
			}
			if reused == 0 {
				t.Error("no memory was reused: the test shows nothing")
			}
		})
	}
}

// TestBrake: between a detach and an attach code objects are freed and their
// memory becomes others; each keeps its own calls.
func TestBrake(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			w := livetest.Obeying(t, p)
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			w.Obey(t, "make a 1000", "made")
			w.Obey(t, "make kept 10", "made")
			w.Obey(t, "run a 3", "ran")
			w.Obey(t, "run kept 3", "ran")
			reused := 0
			for i, name := range []string{"b", "c"} {
				if err := s.Detach("braked"); err != nil {
					t.Fatal(err)
				}
				if got := livetest.Read(t, s).Processes[0]; got.Status != collect.Off || got.Reason != "braked" || !got.Braked {
					t.Errorf("braked, and %s: %q", got.Status, got.Reason)
				}
				w.Obey(t, "run kept 100", "ran") // not counted
				w.Obey(t, "free "+string("ab"[i]), "freed")
				var n, again int
				fmt.Sscanf(w.Obey(t, "make "+name+" 1000", "made"), "made %d %d", &n, &again)
				reused += again
				if err := s.Attach(true); err != nil {
					t.Fatal(err)
				}
				w.Obey(t, fmt.Sprintf("run %s %d", name, i+5), "ran")
				w.Obey(t, "run kept 1", "ran")
			}
			r := livetest.Read(t, s)
			livetest.Family(t, r, "a", 1000, 3)
			livetest.Family(t, r, "b", 1000, 5)
			livetest.Family(t, r, "c", 1000, 6)
			livetest.Family(t, r, "kept", 10, 5)
			if want := uint64(3000 + 5000 + 6000 + 50 + 2); livetest.Total(r) != want {
				t.Errorf("%d calls in all, want %d", livetest.Total(r), want)
			}
			if got := r.Processes[0]; got.Status != collect.Exact {
				t.Errorf("%s: %s", got.Status, got.Reason)
			}
			if reused == 0 {
				t.Error("no memory was reused: the test shows nothing")
			}
		})
	}
}

// TestFullMapKeepsIdentity: with room for 64 of 3,000 functions, of which most
// reuse freed memory, what is counted for a function is its own, and the rest
// is counted as lost.
func TestFullMapKeepsIdentity(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			w := livetest.Obeying(t, p)
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls, Functions: 64})
			for i, name := range []string{"a", "b", "c"} {
				w.Obey(t, "make "+name+" 1000", "made")
				w.Obey(t, fmt.Sprintf("run %s %d", name, i+2), "ran")
				w.Obey(t, "free "+name, "freed")
				livetest.Read(t, s) // empties the map of the freed
			}
			r := livetest.Read(t, s)
			for name, n := range livetest.Calls(r) {
				want := uint64(strings.IndexByte("abc", name[0]) + 2)
				if name == "<module>" {
					want = 3
				}
				if n > want || n < want && name != "<module>" {
					t.Errorf("%s: %d calls, want %d", name, n, want)
				}
			}
			if want := uint64(1000*(2+3+4) + 3); livetest.Total(r)+livetest.Lost(r, "map_full") != want || livetest.Lost(r, "map_full") == 0 {
				t.Errorf("%d calls counted and %d lost, want %d in all", livetest.Total(r), livetest.Lost(r, "map_full"), want)
			}
			if got := r.Processes[0]; got.Status != collect.LowerBound || !strings.Contains(got.Reason, "room for 64") {
				t.Errorf("%s: %s", got.Status, got.Reason)
			}
		})
	}
}
