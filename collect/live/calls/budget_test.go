package calls_test

import (
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestOverBudgetBraked: a process whose calls cost too much is followed on
// nevertheless: the brake takes that away too, and what comes back after it is
// what was there before.
func TestOverBudgetBraked(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	w := livetest.Begin(t, p.Command("-c", "def f():\n    pass\nprint('waiting', flush=True)\nwhile True:\n    f()"))
	s, c := open(t, w, live.Options{Budget: 0.2})
	followed := map[string]int{} // BPF's descriptors that are not those of calls
	is := func(when string, over, counted, follows bool) {
		t.Helper()
		got := livetest.Read(t, s).Processes[0]
		if got.OverBudget != over || (got.Status == collect.Exact) != counted || (got.GIL.Status == collect.GILExact) != follows {
			t.Errorf("%s: %s: %s, over the budget %t; the GIL: %+v", when, got.Status, got.Reason, got.OverBudget, got.GIL)
		}
		one := c.Targets.Order[0]
		if c.Attached(one) != counted {
			t.Errorf("%s: links of calls: %t", when, !counted)
		}
		_, all := livetest.Descriptors(t)
		followed[when] = all - c.Descriptors(one)
	}
	is("first", true, false, true)
	if err := s.Detach("braked"); err != nil {
		t.Fatal(err)
	}
	is("braked", true, false, false)
	if err := s.Attach(false); err != nil {
		t.Fatal(err)
	}
	is("attached again", true, false, true)
	if err := s.Attach(true); err != nil {
		t.Fatal(err)
	}
	is("whatever it costs", false, true, true)
	if n := followed["first"]; n <= followed["braked"] || n != followed["attached again"] || n != followed["whatever it costs"] {
		t.Errorf("descriptors that are not of calls: %v; want as many each time but while it is braked", followed)
	}
}
