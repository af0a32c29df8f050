package calls_test

import (
	"fmt"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/livetest"
)

// TestGenerated: as TestFold, with a process that makes functions, calls and frees them.
func TestGenerated(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	w := livetest.Obeying(t, livetest.Some(t)[0])
	s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
	const each, runs = 20000, 5
	prev := livetest.Read(t, s)
	for i := range runs {
		name := fmt.Sprint("g", i)
		w.Obey(t, fmt.Sprint("make ", name, " ", each), "made")
		w.Obey(t, "run "+name+" 2", "ran")
		w.Obey(t, "free "+name, "freed")
		r := livetest.Read(t, s)
		var delta uint64
		for _, f := range collect.Diff(prev, r, 2).Functions {
			delta += f.CallsDelta
		}
		if delta != 2*each+1 {
			t.Errorf("%s: %d calls in the interval, want %d", name, delta, 2*each+1)
		}
		prev = r
	}
	var sum uint64
	folded := false
	for _, c := range prev.Codes {
		sum += c.Calls
		folded = folded || c.Code.More && c.Code.Function == "(more functions)"
	}
	if want := prev.Processes[0].Calls; sum != want || want != runs*(2*each+1) {
		t.Errorf("%d calls of functions, %d of the process, want %d", sum, want, runs*(2*each+1))
	}
	if most := calls.MostFreed/calls.FunctionSize + each; !folded || len(prev.Codes) > most {
		t.Errorf("%d functions of %d, at most %d wanted; one stands for more: %v", len(prev.Codes), each*runs, most, folded)
	}
}
