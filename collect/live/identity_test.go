package live_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// TestCollections: links that nothing refers to are closed by the collector,
// without a word; ours are kept. The one at code_dealloc too: else functions
// that reuse memory get the counts of those that were there before.
func TestCollections(t *testing.T) {
	needRoot(t)
	for _, p := range some(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := obeying(t, p)
			s := open(t, w, Options{})
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
				fmt.Sscanf(w.obey(t, "make "+name+" 1000", "made"), "made %d %d", &n, &again)
				reused += again
				w.obey(t, fmt.Sprintf("run %s %d", name, i+2), "ran")
				collect()
				w.obey(t, "free "+name, "freed")
			}
			r := read(t, s)
			for i, name := range []string{"a", "b", "c"} {
				family(t, r, name, 1000, uint64(i+2))
			}
			if want := uint64(1000*(2+3+4) + 3); total(r) != want {
				t.Errorf("%d calls in all, want %d", total(r), want)
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
	needRoot(t)
	for _, p := range some(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := obeying(t, p)
			s := open(t, w, Options{})
			w.obey(t, "make a 1000", "made")
			w.obey(t, "make kept 10", "made")
			w.obey(t, "run a 3", "ran")
			w.obey(t, "run kept 3", "ran")
			reused := 0
			for i, name := range []string{"b", "c"} {
				if err := s.Detach("braked"); err != nil {
					t.Fatal(err)
				}
				if got := read(t, s).Processes[0]; got.Status != collect.Off || got.Reason != "braked" || !got.Braked {
					t.Errorf("braked, and %s: %q", got.Status, got.Reason)
				}
				w.obey(t, "run kept 100", "ran") // not counted
				w.obey(t, "free "+string("ab"[i]), "freed")
				var n, again int
				fmt.Sscanf(w.obey(t, "make "+name+" 1000", "made"), "made %d %d", &n, &again)
				reused += again
				if err := s.Attach(true); err != nil {
					t.Fatal(err)
				}
				w.obey(t, fmt.Sprintf("run %s %d", name, i+5), "ran")
				w.obey(t, "run kept 1", "ran")
			}
			r := read(t, s)
			family(t, r, "a", 1000, 3)
			family(t, r, "b", 1000, 5)
			family(t, r, "c", 1000, 6)
			family(t, r, "kept", 10, 5)
			if want := uint64(3000 + 5000 + 6000 + 50 + 2); total(r) != want {
				t.Errorf("%d calls in all, want %d", total(r), want)
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
	needRoot(t)
	for _, p := range some(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := obeying(t, p)
			s := open(t, w, Options{Functions: 64})
			for i, name := range []string{"a", "b", "c"} {
				w.obey(t, "make "+name+" 1000", "made")
				w.obey(t, fmt.Sprintf("run %s %d", name, i+2), "ran")
				w.obey(t, "free "+name, "freed")
				read(t, s) // empties the map of the freed
			}
			r := read(t, s)
			for name, n := range calls(r) {
				want := uint64(strings.IndexByte("abc", name[0]) + 2)
				if name == "<module>" {
					want = 3
				}
				if n > want || n < want && name != "<module>" {
					t.Errorf("%s: %d calls, want %d", name, n, want)
				}
			}
			if want := uint64(1000*(2+3+4) + 3); total(r)+lost(r, "map_full") != want || lost(r, "map_full") == 0 {
				t.Errorf("%d calls counted and %d lost, want %d in all", total(r), lost(r, "map_full"), want)
			}
			if got := r.Processes[0]; got.Status != collect.LowerBound || !strings.Contains(got.Reason, "room for 64") {
				t.Errorf("%s: %s", got.Status, got.Reason)
			}
		})
	}
}
