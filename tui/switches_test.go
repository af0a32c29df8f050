package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"pytop/collect"
)

// TestGridFits: a grid loses no column and no digit where it takes the place of
// longer names.
func TestGridFits(t *testing.T) {
	const number = 8
	for width := 100; width <= 170; width++ {
		m := New(Options{})
		m.Width, m.Height = width, 40
		cur, prev := gilReading(2), gilReading(1)
		for _, r := range []*collect.Reading{prev, cur} {
			n := uint64(r.Time.Sub(r.Since) / time.Second)
			r.Threads, r.GILs[0].Pairs = nil, nil
			for i := range number {
				id := uint64(10 + i)
				r.Threads = append(r.Threads, collect.ThreadReading{ID: id, PID: 7, TID: 10 + i, Name: fmt.Sprintf("request-worker%d", i), State: "running", Measured: true, CPUKnown: true, Holds: 9 * n})
				to := (i + 1) % number
				r.GILs[0].Pairs = append(r.GILs[0].Pairs, collect.GILPair{From: id, To: uint64(10 + to), FromTID: 10 + i, ToTID: 10 + to, Count: 77 * n})
			}
		}
		m.show(collect.Diff(prev, cur, 2))
		lines := strings.Split(ansi.Strip(strings.Join(m.lines(), "\n")), "\n")
		at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "SWITCHES") })
		if at < 0 || !strings.Contains(lines[at], "row to column") {
			continue // there is no room for a grid: pairs stand there
		}
		grid := lines[at+1 : at+2+number]
		if !strings.HasSuffix(strings.TrimRight(grid[0], " "), fmt.Sprintf("%4d", number)) {
			t.Errorf("width %d: the columns are %q", width, grid[0])
		}
		whole := 0
		for _, line := range grid[1:] {
			whole += strings.Count(line+" ", "  77 ")
		}
		if whole != number {
			t.Errorf("width %d: %d of %d numbers are whole in\n%s", width, whole, number, strings.Join(grid, "\n"))
		}
	}
}
