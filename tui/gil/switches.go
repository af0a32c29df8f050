package gil

import (
	"cmp"
	"slices"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

const (
	mostInGrid  = 8  // threads up to which switches are a grid
	mostPairs   = 20 // else the pairs that are listed
	pairsWidth  = 38 // cells of the switches beside the threads, at least
	threadsNeed = 68 // cells that the threads keep beside a wider grid
)

// switches are how the GIL goes from thread to thread.
type switches struct {
	*facts
	counts bool // in all, not a second
}

// sideWidth is how much of a width the switches have, beside the threads.
func (s *switches) sideWidth(width int) int {
	if len(s.paneGILs()) > 0 {
		if g, ok := s.gridOf(s.worstGIL()); ok {
			return min(max(pairsWidth, g.width(s.counts)+sideGap), max(pairsWidth, width-threadsNeed))
		}
	}
	return pairsWidth
}

// switchesWanted is how many lines sideLines would like in a width.
func (s *switches) switchesWanted(width int) int {
	if s.free() {
		return 1 + len(stoppersOf(s.worstWorld()))
	}
	g := s.worstGIL()
	if g.Estimated {
		return 2
	}
	if grid, ok := s.gridOf(g); ok && grid.fits(width, s.counts) {
		if s.Zoomed && !grid.both(width) {
			return 2*grid.height() + 1
		}
		return grid.height()
	}
	n := 0
	for i := range g.PairRows {
		if g.PairRows[i].Count > 0 {
			n++
		}
	}
	return 1 + max(1, min(n, mostPairs))
}

// switchLines are the switches between threads: a grid when they are few and
// it fits, else the pairs between which it went most often. A pane that is
// alone shows rates and counts, where they fit; the key c changes over.
func (s *switches) switchLines(g *collect.GILRow, width, height int) []string {
	if g.Estimated {
		return pane.Clip([]string{s.switchTitle("", "", width), s.Styles.Dim.Paint(s.Signs.CutRight("not measured: its fields are read", width))}, height)
	}
	grid, ok := s.gridOf(g)
	if !ok || !grid.fits(width, s.counts) || grid.height() > height {
		return pane.Clip(s.pairLines(g, width, height), height)
	}
	left := max(grid.width(s.counts), gridTitle) + 2*sideGap
	first, both := width, s.Zoomed && grid.both(width)
	if both {
		first, width = left-2*sideGap, width-left
	}
	lines := s.gridLines(grid, first, s.counts)
	switch {
	case both:
		for i, l := range s.gridLines(grid, width, !s.counts) {
			lines[i] = format.Fill(lines[i], left) + l
		}
	case s.Zoomed && height > 2*grid.height():
		lines = append(append(lines, ""), s.gridLines(grid, width, !s.counts)...)
	}
	return pane.Clip(lines, height)
}

// switchTitle says what is counted, and which way.
func (s *switches) switchTitle(mark, way string, width int) string {
	return s.Styles.Idle.Paint("SWITCHES") + s.Styles.Dim.Paint(s.Signs.CutRight(switchWhat(s.counts, mark)+way, width-len("SWITCHES")))
}

// switchWhat is what is counted; mark, which stands before a lower bound, is
// said once, not in each cell.
func switchWhat(counts bool, mark string) string {
	what := "/s"
	if counts {
		what = " in all"
	}
	if mark != "" {
		what += " (" + mark + ")"
	}
	return what
}

// pairLines are the pairs of threads between which it went most often.
func (s *switches) pairLines(g *collect.GILRow, width, height int) []string {
	lines := []string{s.switchTitle(s.gilMark(g.PID), " from "+s.Signs.Turn+" to", width)}
	rows := slices.Clone(g.PairRows)
	if s.counts {
		slices.SortStableFunc(rows, func(a, b collect.GILPairRow) int { return cmp.Compare(b.Count, a.Count) })
	}
	const cell = 10
	both := s.Zoomed && width >= pairsWidth+cell
	width = min(width, 60)
	for _, p := range rows[:min(len(rows), mostPairs, max(0, height-1))] {
		rate, count := format.Rate(p.PerS)+"/s", format.Count(p.Count)
		if p.Count == 0 || !s.counts && p.Delta == 0 {
			break
		}
		numbers := format.Right(rate, cell)
		switch {
		case both:
			numbers += format.Right(count, cell)
		case s.counts:
			numbers = format.Right(count, cell)
		}
		names := s.pairName(g.PID, p.From, p.FromTID) + " " + s.Signs.Turn + " " + s.pairName(g.PID, p.To, p.ToTID)
		room := width - len(numbers)
		lines = append(lines, format.Left(s.Signs.CutRight(names, room-1), room)+numbers)
	}
	if len(lines) == 1 {
		lines = append(lines, s.Styles.Dim.Paint("none"))
	}
	return lines
}
