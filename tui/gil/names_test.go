package gil

import (
	"strings"
	"testing"

	"pytop/collect"
	"pytop/tui/pane"
	"pytop/tui/panetest"
)

// TestEndedName: that a thread has ended stays whole where there is room for it.
func TestEndedName(t *testing.T) {
	p, f := newPaneOf(t, 100, 30)
	one := &collect.ThreadRow{ThreadReading: collect.ThreadReading{TID: 8, Name: "ThreadPoolExec", Ended: true}}
	for width, want := range map[int]string{23: "ThreadPoolExec (ended)", 20: "ThreadPoolE… (ended)", 15: "Thread… (ended)", 14: "ThreadPoolExe…"} {
		if got := threadNameIn(p.Signs, one, width); got != want {
			t.Errorf("%d: %q, want %q", width, got, want)
		}
	}
	prev, cur := panetest.ShopReading(4, 2), panetest.ShopReading(4, 3)
	cur.Threads[1].Name, cur.Threads[1].Ended = "ThreadPoolExec", true
	f.Show(p, collect.Diff(prev, cur, 3))
	for i, plain := range p.Plain(pane.Unlimited, 0) {
		if strings.Contains(plain, "(end") && !strings.Contains(plain, "ThreadPoolExec (ended)") {
			t.Errorf("%d: %q", i, plain)
		}
	}
}
