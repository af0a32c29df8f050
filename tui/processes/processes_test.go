package processes

import (
	"testing"

	"pytop/collect"
	"pytop/tui/panetest"
)

// TestBoundedInk: in the processes pane a GIL's share is amber as it is among
// threads when it is not exact, and dim when it is.
func TestBoundedInk(t *testing.T) {
	m := New(panetest.New(t, 100, 30).Screen).(*Pane)
	p := process{ProcessRow: &collect.ProcessRow{ProcessReading: collect.ProcessReading{State: collect.Running}, GILHeldKnown: true, GILHeldShare: 0.5}}
	if m.ink(&p, "gil_held_share", "", false) != m.Styles.Dim {
		t.Error("what is exact is not dim")
	}
	p.GILEstimated = true
	if m.ink(&p, "gil_held_share", "", false) != m.Styles.Amber {
		t.Error("an estimate is not amber")
	}
	p.GILEstimated, p.bounded = false, true
	if m.ink(&p, "gil_held_share", "", false) != m.Styles.Amber {
		t.Error("a lower bound is not amber")
	}
}
