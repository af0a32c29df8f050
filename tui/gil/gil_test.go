package gil

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"pytop/collect"
	"pytop/tui/panetest"
)

// newPane makes a pane that is alone on its screen.
func newPane(t *testing.T, width, height int) *Pane {
	p, _ := newPaneOf(t, width, height)
	return p
}

func newPaneOf(t *testing.T, width, height int) (*Pane, *panetest.Frame) {
	t.Helper()
	f := panetest.New(t, width, height)
	p := New(f.Screen).(*Pane)
	f.Activate(p)
	return p, f
}

func gilSnapshot() *collect.Snapshot {
	return collect.Diff(panetest.GILReading(1), panetest.GILReading(2), 2)
}

// paneText is what the pane shows, without colours.
func paneText(p *Pane) string { return ansi.Strip(strings.Join(p.View(p.Width, p.Height), "\n")) }
