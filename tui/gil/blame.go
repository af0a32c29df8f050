package gil

import (
	"cmp"
	"slices"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// Blame is the functions that made others wait, and the stack of one.
type Blame struct {
	*facts
	Open   bool          // it has the pane for itself
	under  bool          // the cursor is on the blame line, under the threads
	of     blameKey      // whose stack is shown
	scroll pane.Scroller // of the stack
}

// blameKey is a function that is blamed.
type blameKey struct {
	pid, first     int
	file, function string
}

// blamedRow is a function that is blamed, of one process.
type blamedRow struct {
	*collect.BlameRow
	pid   int
	known bool // its share of the interval is
}

func (b blamedRow) key() blameKey {
	return blameKey{b.pid, b.Place.First, b.Place.File, b.Place.Function}
}

// blamedRows are the functions of the pane's GILs that made others wait, what
// caused most in the interval first.
func (f *facts) blamedRows() []blamedRow { return blamedOf(f.paneGILs()) }

func blamedOf(gils []collect.GILRow) []blamedRow {
	var rows []blamedRow
	for i := range gils {
		g := &gils[i]
		for k := range g.Blamed {
			if g.Blamed[k].Wait > 0 {
				rows = append(rows, blamedRow{&g.Blamed[k], g.PID, blameUnknown(g) == ""})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b blamedRow) int {
		return cmp.Or(cmp.Compare(b.Delta, a.Delta), cmp.Compare(b.Wait, a.Wait))
	})
	return rows
}

// blamedFunction is what is known of a function's blame; nil: nothing.
func (f *facts) blamedFunction(code *collect.Code) *collect.BlameRow {
	for _, b := range blamedOf(f.Shown.GILs) {
		if b.key() == (blameKey{code.PID, code.Line, code.File, code.Function}) {
			return b.BlameRow
		}
	}
	return nil
}

// blameUnknown says why it is not known who made others wait in the interval;
// empty: it is.
func blameUnknown(g *collect.GILRow) string {
	switch {
	case g.Estimated:
		return "not measured while its fields are read"
	case !g.Counting || g.Status == collect.GILOff:
		return "not measured in the last interval"
	}
	return ""
}

// nobodyWaited says so, as far as all was seen.
func nobodyWaited(mark string) string {
	if mark != "" {
		return "nobody was seen to wait"
	}
	return "nobody had to wait"
}

func blameName(b *collect.BlameRow) string {
	if b.Place.Function == "" {
		return "a stack that could not be read"
	}
	return format.Plain(b.Place.Function)
}

// line names who made others wait most. Place, sum and interval leave
// first when it is too long.
func (b *Blame) line(g *collect.GILRow, width int) string {
	st := b.Styles
	head := pane.Piece{Text: "blame:", Ink: st.Dim}
	if b.under && b.active() {
		head = pane.Piece{Text: b.Signs.Cursor + " blame:", Ink: st.Accent}
	}
	none := blameUnknown(g)
	if none == "" && (len(g.Blamed) == 0 || g.Blamed[0].Delta == 0) {
		none = nobodyWaited(b.gilMark(g.PID))
	}
	if none != "" {
		return b.Line(width, []pane.Piece{head, {Text: none, Ink: st.Dim, Gap: " "}}, nil)
	}
	most := &g.Blamed[0]
	pieces := []pane.Piece{
		head,
		{Text: b.Signs.CutName(blameName(most), max(16, width/3)), Ink: st.Bold, Gap: " "},
		{Text: "made others wait " + b.gilMark(g.PID) + format.HeadPercent(most.Share), Ink: st.Plain, Gap: "  "},
		{Text: "of the interval", Ink: st.Plain, Gap: " ", Rank: 2},
		{Text: b.sumMark(g.PID) + b.Signs.Duration(most.Wait) + " in all", Ink: st.Dim, Gap: "  ", Rank: 3},
	}
	if most.Place.Function != "" {
		const least = 12 // cells of a place that says something
		if room := width - 4 - pane.Need(pieces[:3], nil); room >= least {
			place := format.FilePlace(most.Place.File, most.Place.Line).Fit(b.Signs, min(room, max(least, width/3))).String()
			pieces = slices.Insert(pieces, 2, pane.Piece{Text: place, Ink: st.Dim, Gap: "  ", Rank: 1})
		}
	}
	return b.Line(width, pieces, nil)
}

// table is the functions that made others wait, in so many lines, under
// the pane's other parts.
func (b *Blame) table(width, height int) []string {
	lines := []string{"", b.Line(width, []pane.Piece{{Text: "BLAME", Ink: b.Styles.Idle}, {Text: "who held it while others waited" + b.Signs.Dot + "b shows stacks", Ink: b.Styles.Dim, Gap: "  "}}, nil)}
	for _, row := range b.blamedRows() {
		lines = append(lines, b.row(row, width, false))
	}
	return pane.Clip(lines, height)
}

// move goes to another function.
func (b *Blame) move(n int) {
	rows := b.blamedRows()
	if len(rows) == 0 {
		return
	}
	at := max(0, slices.IndexFunc(rows, func(row blamedRow) bool { return row.key() == b.of }))
	b.of, b.scroll = rows[max(0, min(len(rows)-1, at+n))].key(), pane.Scroller{}
}

// show opens it, with the stack of the function that caused most.
func (b *Blame) show() {
	b.Open, b.scroll, b.of = true, pane.Scroller{}, blameKey{}
	if rows := b.blamedRows(); len(rows) > 0 {
		b.of = rows[0].key()
	}
}
