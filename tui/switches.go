package tui

import (
	"cmp"
	"slices"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
)

const (
	mostInGrid  = 8  // threads up to which switches are a grid
	mostPairs   = 20 // else the pairs that are listed
	pairsWidth  = 38 // cells of the switches beside the threads, at least
	threadsNeed = 68 // cells that the threads keep beside a wider grid
)

// sideWidth is how much of a width the switches have, beside the threads.
func (m *Model) sideWidth(width int) int {
	if len(m.paneGILs()) > 0 {
		if g, ok := m.gridOf(m.paneGIL()); ok {
			return min(max(pairsWidth, g.width(m.counts)+sideGap), max(pairsWidth, width-threadsNeed))
		}
	}
	return pairsWidth
}

// switchesWanted is how many lines sideLines would like in a width.
func (m *Model) switchesWanted(width int) int {
	if m.paneFree() {
		return 1 + len(stoppersOf(m.paneWorld()))
	}
	g := m.paneGIL()
	if g.Estimated {
		return 2
	}
	if grid, ok := m.gridOf(g); ok && grid.fits(width, m.counts) {
		if m.zoomed && !grid.both(width) {
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
func (m *Model) switchLines(g *collect.GILRow, width, height int) []string {
	if g.Estimated {
		return clip([]string{m.switchTitle("", "", width), m.styles.dim.paint(m.signs.CutRight("not measured: its fields are read", width))}, height)
	}
	grid, ok := m.gridOf(g)
	if !ok || !grid.fits(width, m.counts) || grid.height() > height {
		return clip(m.pairLines(g, width, height), height)
	}
	left := max(grid.width(m.counts), gridTitle) + 2*sideGap
	first, both := width, m.zoomed && grid.both(width)
	if both {
		first, width = left-2*sideGap, width-left
	}
	lines := m.gridLines(grid, first, m.counts)
	switch {
	case both:
		for i, l := range m.gridLines(grid, width, !m.counts) {
			lines[i] = format.Fill(lines[i], left) + l
		}
	case m.zoomed && height > 2*grid.height():
		lines = append(append(lines, ""), m.gridLines(grid, width, !m.counts)...)
	}
	return clip(lines, height)
}

// switchTitle says what is counted, and which way.
func (m *Model) switchTitle(mark, way string, width int) string {
	return m.styles.idle.paint("SWITCHES") + m.styles.dim.paint(m.signs.CutRight(switchWhat(m.counts, mark)+way, width-len("SWITCHES")))
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
func (m *Model) pairLines(g *collect.GILRow, width, height int) []string {
	lines := []string{m.switchTitle(m.gilMark(g.PID), " from "+m.signs.Turn+" to", width)}
	rows := slices.Clone(g.PairRows)
	if m.counts {
		slices.SortStableFunc(rows, func(a, b collect.GILPairRow) int { return cmp.Compare(b.Count, a.Count) })
	}
	const cell = 10
	both := m.zoomed && width >= pairsWidth+cell
	width = min(width, 60)
	for _, p := range rows[:min(len(rows), mostPairs, max(0, height-1))] {
		rate, count := format.Rate(p.PerS)+"/s", format.Count(p.Count)
		if p.Count == 0 || !m.counts && p.Delta == 0 {
			break
		}
		numbers := format.Right(rate, cell)
		switch {
		case both:
			numbers += format.Right(count, cell)
		case m.counts:
			numbers = format.Right(count, cell)
		}
		names := m.pairName(g.PID, p.From, p.FromTID) + " " + m.signs.Turn + " " + m.pairName(g.PID, p.To, p.ToTID)
		room := width - len(numbers)
		lines = append(lines, format.Left(m.signs.CutRight(names, room-1), room)+numbers)
	}
	if len(lines) == 1 {
		lines = append(lines, m.styles.dim.paint("none"))
	}
	return lines
}

func (m *Model) pairName(pid int, id uint64, tid int) string {
	if t := m.threads.Find(id); t != nil && t.PID == pid {
		if name := threadName(t); name != "?" && !m.sameNames {
			return name
		}
	}
	if tid == 0 {
		return "ended"
	}
	return format.Whole(tid)
}

// grid is the switches between few threads: a row for each from, a column for
// each to.
type grid struct {
	ids   []uint64
	names []string
	pairs map[[2]uint64]*collect.GILPairRow
	dash  string
	mark  string // before what is a lower bound
}

// gridOf makes the grid of the threads that have switched and still live, or
// did in the interval; false when they are too many, or none.
func (m *Model) gridOf(g *collect.GILRow) (*grid, bool) {
	out := &grid{pairs: map[[2]uint64]*collect.GILPairRow{}, dash: m.signs.None, mark: m.gilMark(g.PID)}
	names, tids := map[uint64]string{}, map[uint64]int{}
	lives := func(id uint64) bool { return m.threads.Find(id) != nil }
	for i := range g.PairRows {
		p := &g.PairRows[i]
		if p.Count == 0 || p.Delta == 0 && (!lives(p.From) || !lives(p.To)) {
			continue
		}
		out.pairs[[2]uint64{p.From, p.To}] = p
		names[p.From], names[p.To] = m.pairName(g.PID, p.From, p.FromTID), m.pairName(g.PID, p.To, p.ToTID)
		tids[p.From], tids[p.To] = p.FromTID, p.ToTID
		if len(names) > mostInGrid {
			return nil, false
		}
	}
	for id := range names {
		out.ids = append(out.ids, id)
	}
	slices.SortFunc(out.ids, func(a, b uint64) int { // rows do not dance
		return cmp.Or(cmp.Compare(tids[a], tids[b]), cmp.Compare(a, b))
	})
	for _, id := range out.ids {
		out.names = append(out.names, names[id])
	}
	return out, len(out.ids) > 0
}

const (
	leastLabel = 8 // cells of a row's number and name
	mostLabel  = 16
	leastCell  = 4
	gridTitle  = 34
)

func (g *grid) height() int { return 2 + len(g.ids) }

// width is how many cells the grid would like.
func (g *grid) width(counts bool) int {
	label := 0
	for _, name := range g.names {
		label = max(label, min(mostLabel, 2+format.Width(name)))
	}
	return label + len(g.ids)*g.cell(counts)
}

// fits tells whether it can be drawn in a width, its names cut.
func (g *grid) fits(width int, counts bool) bool {
	return width >= leastLabel+len(g.ids)*g.cell(counts) && width >= min(leastLabel+12, g.width(counts))
}

// both tells whether rates and counts fit beside each other.
func (g *grid) both(width int) bool {
	return width >= max(gridTitle, g.width(false))+2*sideGap+max(gridTitle, g.width(true))
}

// cell is how wide the cells are.
func (g *grid) cell(counts bool) int {
	w := leastCell
	for _, p := range g.pairs {
		w = max(w, 1+format.Width(switchCell(p, counts)))
	}
	return w
}

func switchCell(p *collect.GILPairRow, counts bool) string {
	if counts {
		return format.Count(p.Count)
	}
	return format.Rate(p.PerS)
}

// gridLines draws the grid: threads are numbered, so that a column needs no
// more than its number. The more switches, the deeper the shade.
func (m *Model) gridLines(g *grid, width int, counts bool) []string {
	st, cell := m.styles, g.cell(counts)
	label := min(width, g.width(counts)) - len(g.ids)*cell
	what := switchWhat(counts, g.mark)
	title := st.idle.paint("SWITCHES") + st.dim.paint(what+m.signs.CutRight(" from row to column", max(0, width-len("SWITCHES")-len(what))))
	head := strings.Builder{}
	head.WriteString(format.Blank(label))
	most := 0.0
	for i := range g.ids {
		head.WriteString(format.Right(format.Whole(i+1), cell))
	}
	for _, p := range g.pairs {
		most = max(most, switchValue(p, counts))
	}
	lines := []string{title, st.dim.paint(head.String())}
	for i, from := range g.ids {
		var b strings.Builder
		b.WriteString(st.dim.paint(format.Whole(i+1)+" ") + format.Left(m.signs.CutLeft(g.names[i], label-2), label-2))
		for k, to := range g.ids {
			p := g.pairs[[2]uint64{from, to}]
			switch {
			case p != nil:
				b.WriteString(st.shade(switchValue(p, counts), most).paint(format.Right(switchCell(p, counts), cell)))
			case i == k:
				b.WriteString(st.dim.paint(format.Right(g.dash, cell)))
			default:
				b.WriteString(st.dim.paint(format.Right("0", cell)))
			}
		}
		lines = append(lines, b.String())
	}
	return lines
}

func switchValue(p *collect.GILPairRow, counts bool) float64 {
	if counts {
		return float64(p.Count)
	}
	return p.PerS
}
