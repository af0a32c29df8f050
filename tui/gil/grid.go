package gil

import (
	"cmp"
	"slices"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
)

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
func (s *switches) gridOf(g *collect.GILRow) (*grid, bool) {
	out := &grid{pairs: map[[2]uint64]*collect.GILPairRow{}, dash: s.Signs.None, mark: s.gilMark(g.PID)}
	names, tids := map[uint64]string{}, map[uint64]int{}
	lives := func(id uint64) bool { return s.Threads.Find(id) != nil }
	for i := range g.PairRows {
		p := &g.PairRows[i]
		if p.Count == 0 || p.Delta == 0 && (!lives(p.From) || !lives(p.To)) {
			continue
		}
		out.pairs[[2]uint64{p.From, p.To}] = p
		names[p.From], names[p.To] = s.pairName(g.PID, p.From, p.FromTID), s.pairName(g.PID, p.To, p.ToTID)
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
func (s *switches) gridLines(g *grid, width int, counts bool) []string {
	st, cell := s.Styles, g.cell(counts)
	label := min(width, g.width(counts)) - len(g.ids)*cell
	what := switchWhat(counts, g.mark)
	title := st.Idle.Paint("SWITCHES") + st.Dim.Paint(what+s.Signs.CutRight(" from row to column", max(0, width-len("SWITCHES")-len(what))))
	head := strings.Builder{}
	head.WriteString(format.Blank(label))
	most := 0.0
	for i := range g.ids {
		head.WriteString(format.Right(format.Whole(i+1), cell))
	}
	for _, p := range g.pairs {
		most = max(most, switchValue(p, counts))
	}
	lines := []string{title, st.Dim.Paint(head.String())}
	for i, from := range g.ids {
		var b strings.Builder
		b.WriteString(st.Dim.Paint(format.Whole(i+1)+" ") + format.Left(s.Signs.CutLeft(g.names[i], label-2), label-2))
		for k, to := range g.ids {
			p := g.pairs[[2]uint64{from, to}]
			switch {
			case p != nil:
				b.WriteString(st.Shade(switchValue(p, counts), most).Paint(format.Right(switchCell(p, counts), cell)))
			case i == k:
				b.WriteString(st.Dim.Paint(format.Right(g.dash, cell)))
			default:
				b.WriteString(st.Dim.Paint(format.Right("0", cell)))
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
