package live_test

import (
	"strings"
	"testing"

	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestExactKnown compares every function with the interpreter's own account
// of an identical run.
func TestExactKnown(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Pythons(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			dir := p.Workloads(t)
			truth, err := p.Command(dir+"/truth.py", dir+"/known.py").Output()
			if err != nil {
				t.Fatal(err)
			}
			want, whole := livetest.ParseRows(t, truth)
			w := p.Start(t, dir+"/known.py")
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			r, _ := livetest.Finish(t, s, w)
			livetest.Compare(t, r, want, whole)
			builds.add(p, r, want, !t.Failed())
		})
	}
	t.Cleanup(func() { builds.write(t) })
}

// TestExactOwnCount runs the workloads that know their own counts.
func TestExactOwnCount(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Pythons(t) {
		for _, args := range []string{"switching.py", "edges.py recursion", "edges.py exec", "edges.py threads", "edges.py burst", "edges.py exit", "edges.py fork"} {
			t.Run(p.Name+"/"+args, func(t *testing.T) {
				t.Parallel()
				dir := p.Workloads(t)
				word := strings.Fields(args)
				w := p.Start(t, append([]string{dir + "/" + word[0]}, word[1:]...)...)
				s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
				r, said := livetest.Finish(t, s, w)
				want, _ := livetest.ParseRows(t, said)
				livetest.Compare(t, r, want, false)
			})
		}
	}
}

// TestInterpreters: sub-interpreters are counted with their process.
func TestInterpreters(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Pythons(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			w := p.Start(t, p.Workloads(t)+"/edges.py", "interpreters")
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			r, said := livetest.Finish(t, s, w)
			if strings.Contains(string(said), `"rows": []`) {
				return // built without the module for it
			}
			want, _ := livetest.ParseRows(t, said)
			livetest.Compare(t, r, want, false)
		})
	}
}
