package ctxswitches

import (
	"strings"
	"testing"

	"pytop/collect"
	"pytop/tui/pane"
	"pytop/tui/panetest"

	"github.com/charmbracelet/x/ansi"
)

// TestPane: the pane is there when context switches are measured, asks for lines
// that nobody else has a use for, and sorts by how often threads block.
func TestPane(t *testing.T) {
	f := panetest.New(t, 80, 12)
	p := New(f.Screen)
	f.Show(p, &collect.Snapshot{})
	if p.There() || p.Wants(pane.Room{Unused: 40}) != 0 {
		t.Error("the pane is there, and nothing is measured")
	}
	f.Show(p, &collect.Snapshot{CtxSwitches: []collect.ThreadSwitchesRow{
		{ThreadSwitches: collect.ThreadSwitches{PID: 7, TID: 7, Name: "main"}, VoluntaryPerS: 3, Counting: true},
		{ThreadSwitches: collect.ThreadSwitches{PID: 7, TID: 8, Name: "work\x1b[31mer"}, VoluntaryPerS: 1200, InvoluntaryPerS: 2.5, Counting: true},
		{ThreadSwitches: collect.ThreadSwitches{PID: 7, TID: 9, Name: "new"}},
	}})
	f.Active = nil
	if n := p.Wants(pane.Room{Unused: 40}); n != 5 {
		t.Errorf("it wants %d lines", n)
	}
	if n := p.Wants(pane.Room{Unused: 4}); n != 0 {
		t.Errorf("of 4 unused lines it wants %d", n)
	}
	lines := p.Plain(80, 0)
	for i, want := range [][]string{{}, {"voluntary/s", "thread"}, {"1,200", "2.5", "8", "worker"}, {"3.0", "main"}, {"?", "new"}} {
		for _, word := range want {
			if i >= len(lines) || !strings.Contains(strings.ReplaceAll(lines[i], `\x1b[31m`, ""), word) {
				t.Errorf("line %d of %q has no %q", i, lines, word)
			}
		}
	}
	for _, line := range p.View(80, 12) {
		if ansi.StringWidth(line) > 80 || strings.Contains(line, "\x1b[31m") {
			t.Errorf("%q", line)
		}
	}
}
