package calls

import (
	"testing"

	"pytop/collect"
)

// TestOverBudgetBraked: a process whose calls cost too much is followed on
// nevertheless: the brake takes that away too, and what comes back after it is
// what was there before.
func TestOverBudgetBraked(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	w := begin(t, p.command("-c", "def f():\n    pass\nprint('waiting', flush=True)\nwhile True:\n    f()"))
	s := open(t, w, Options{GIL: true, Budget: 0.2})
	is := func(when string, over, counted, followed bool) {
		t.Helper()
		got := read(t, s).Processes[0]
		if got.OverBudget != over || (got.Status == collect.Exact) != counted || (got.GIL.Status == collect.GILExact) != followed {
			t.Errorf("%s: %s: %s, over the budget %t; the GIL: %+v", when, got.Status, got.Reason, got.OverBudget, got.GIL)
		}
		one := s.order[0]
		if (one.links != nil) != counted || (one.gil.links != nil) != followed {
			t.Errorf("%s: links %v and %v", when, one.links, one.gil.links)
		}
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
}
