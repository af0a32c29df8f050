package calls_test

import (
	"strings"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestNotCode: sites that hold no code objects; offsets that do not fit stand for a build
// that is not understood. Nothing is counted, and the reason is said.
func TestNotCode(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Pythons(t)[0]
	w := p.Start(t, p.Workloads(t)+"/known.py")
	s, c := open(t, w, live.Options{Probes: livetest.OnlyCalls})
	if err := s.Detach("changing the offsets"); err != nil {
		t.Fatal(err)
	}
	if err := c.MistakeType(c.Targets.Order[0]); err != nil {
		t.Fatal(err)
	}
	if err := s.Attach(true); err != nil {
		t.Fatal(err)
	}
	r, _ := livetest.Finish(t, s, w)
	if len(r.Codes) != 0 {
		t.Errorf("%d functions were counted", len(r.Codes))
	}
	if p := r.Processes[0]; p.Status == collect.Exact || !strings.Contains(p.Reason, "no code object") {
		t.Errorf("status %s: %s", p.Status, p.Reason)
	}
}
