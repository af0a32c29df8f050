package gil

import (
	"strings"
	"testing"

	"pytop/collect"
	"pytop/tui/panetest"
)

// TestGridOf: up to eight threads are a grid.
func TestGridOf(t *testing.T) {
	p, f := newPaneOf(t, 160, 45)
	for workers, grid := range map[int]bool{2: true, 8: true, 9: false} {
		f.Show(p, collect.Diff(panetest.ShopReading(workers, 2), panetest.ShopReading(workers, 3), 3))
		if _, ok := p.switches.gridOf(&f.Shown.GILs[0]); ok != grid || strings.Contains(paneText(p), "from row to column") != grid {
			t.Errorf("%d threads: grid %v\n%s", workers, ok, paneText(p))
		}
	}
}
