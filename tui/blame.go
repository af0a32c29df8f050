package tui

import (
	"cmp"
	"slices"

	"pytop/collect"
	"pytop/tui/format"
)

// blameView is the functions that made others wait, and the stack of one.
type blameView struct {
	under  bool     // the cursor is on the blame line, under the threads
	open   bool     // it has the pane for itself
	of     blameKey // whose stack is shown
	scroll scroller // of the stack
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
func (m *Model) blamedRows() []blamedRow { return blamedOf(m.paneGILs()) }

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
func (m *Model) blamedFunction(code *collect.Code) *collect.BlameRow {
	for _, b := range blamedOf(m.shown.GILs) {
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

// blameLine names who made others wait most. Place, sum and interval leave
// first when it is too long.
func (m *Model) blameLine(g *collect.GILRow, width int) string {
	st := m.styles
	head := piece{text: "blame:", ink: st.dim}
	if m.blame.under && m.pane == paneGIL {
		head = piece{text: m.signs.Cursor + " blame:", ink: st.accent}
	}
	none := blameUnknown(g)
	if none == "" && (len(g.Blamed) == 0 || g.Blamed[0].Delta == 0) {
		none = nobodyWaited(m.gilMark(g.PID))
	}
	if none != "" {
		return m.line(width, []piece{head, {text: none, ink: st.dim, gap: " "}}, nil)
	}
	b := &g.Blamed[0]
	pieces := []piece{
		head,
		{text: m.signs.CutName(blameName(b), max(16, width/3)), ink: st.bold, gap: " "},
		{text: "made others wait " + m.gilMark(g.PID) + format.HeadPercent(b.Share), ink: st.plain, gap: "  "},
		{text: "of the interval", ink: st.plain, gap: " ", rank: 2},
		{text: m.sumMark(g.PID) + m.signs.Duration(b.Wait) + " in all", ink: st.dim, gap: "  ", rank: 3},
	}
	if b.Place.Function != "" {
		const least = 12 // cells of a place that says something
		if room := width - 4 - need(pieces[:3], nil); room >= least {
			place := format.FilePlace(b.Place.File, b.Place.Line).Fit(m.signs, min(room, max(least, width/3))).String()
			pieces = slices.Insert(pieces, 2, piece{text: place, ink: st.dim, gap: "  ", rank: 1})
		}
	}
	return m.line(width, pieces, nil)
}

// blameTable is the functions that made others wait, in so many lines, under
// the pane's other parts.
func (m *Model) blameTable(width, height int) []string {
	lines := []string{"", m.line(width, []piece{{text: "BLAME", ink: m.styles.idle}, {text: "who held it while others waited" + m.signs.Dot + "b shows stacks", ink: m.styles.dim, gap: "  "}}, nil)}
	for _, b := range m.blamedRows() {
		lines = append(lines, m.blameRow(b, width, false))
	}
	return clip(lines, height)
}

// blameRow is one function that made others wait.
func (m *Model) blameRow(b blamedRow, width int, cursor bool) string {
	st := m.styles
	share, all := m.gilMark(b.pid)+format.HeadPercent(b.Share), m.sumMark(b.pid)+m.signs.Duration(b.Wait)
	if !b.known {
		share = m.signs.Unknown
	}
	text := format.Right(share, 7) + "  " + format.Right(all, 11) + "  "
	if m.several() {
		text = format.Right(format.Whole(b.pid), 7) + "  " + text
	}
	used := gutter + format.Width(text)
	name := min(40, max(16, (width-used)/2))
	color := st.plain
	if b.Delta == 0 {
		color = st.dim
	}
	line := m.cursorSign(cursor) + color.paintOn(cursor, text+format.Left(m.signs.CutName(blameName(b.BlameRow), name), name))
	used += name
	place := ""
	if room := width - used - gap2 - 1; b.Place.Function != "" && room >= 8 {
		place = format.Blank(gap2) + format.FilePlace(b.Place.File, b.Place.Line).Fit(m.signs, room).String()
	}
	line += st.dim.paintOn(cursor, place)
	if cursor {
		line += st.plain.paintOn(true, format.Blank(width-used-format.Width(place)))
	}
	return line
}

// openBlame shows the functions that made others wait, and the stack of the
// one that caused most.
func (m *Model) openBlame() {
	m.pane, m.thread = paneGIL, 0
	m.blame.open, m.blame.scroll, m.blame.of = true, scroller{}, blameKey{}
	if rows := m.blamedRows(); len(rows) > 0 {
		m.blame.of = rows[0].key()
	}
}

// moveBlame goes to another function.
func (m *Model) moveBlame(n int) {
	rows := m.blamedRows()
	if len(rows) == 0 {
		return
	}
	at := max(0, slices.IndexFunc(rows, func(b blamedRow) bool { return b.key() == m.blame.of }))
	m.blame.of, m.blame.scroll = rows[max(0, min(len(rows)-1, at+n))].key(), scroller{}
}

// blameView draws the functions that made others wait, and the stack that one
// of them was seen in.
func (m *Model) blameView(width, height int) []string {
	st := m.styles
	title := func(back string) string {
		return m.line(width, []piece{{text: "BLAME", ink: st.title}, {text: "who held the GIL while others waited", ink: st.dim, gap: "  ", rank: 1}}, []piece{{text: back, ink: st.dim}})
	}
	lines := []string{title("Esc back")}
	rows := m.blamedRows()
	if len(rows) == 0 {
		return clip(append(lines, format.Blank(gutter)+st.dim.paint(m.noBlame())), height)
	}
	head := format.Right("now", 7) + "  " + format.Right("in all", 11) + "  function"
	if m.several() {
		head = format.Right("pid", 7) + "  " + head
	}
	lines = append(lines, format.Blank(gutter)+st.dim.paint(head))
	at := max(0, slices.IndexFunc(rows, func(b blamedRow) bool { return b.key() == m.blame.of }))
	most := blamedShown(len(rows), height)
	first := max(0, min(at-most/2, len(rows)-most))
	for i := first; i < first+most; i++ {
		lines = append(lines, m.blameRow(rows[i], width, i == at))
	}
	if hidden := len(rows) - most; hidden > 0 {
		lines = append(lines, format.Blank(gutter)+st.dim.paint(format.Exactly(hidden)+" more"))
	}
	stack, room := m.blameStack(rows[at].BlameRow, rows[at].pid, width), max(0, height-blameHead(len(rows), height))
	if len(stack) > room {
		lines[0] = title("PgUp PgDn scroll the stack" + m.signs.Dot + "Esc back")
	}
	return append(append(lines, ""), m.blame.scroll.view(stack, room)...)
}

// noBlame says why the list of those that are to blame is empty.
func (m *Model) noBlame() string {
	if m.paneFree() {
		return "there is no GIL to wait for"
	}
	mark, gils := "", m.paneGILs()
	for i := range gils {
		if why := blameUnknown(&gils[i]); why != "" {
			return why
		}
		mark += m.sumMark(gils[i].PID)
	}
	return nobodyWaited(mark)
}

// blamedShown is how many of the functions are listed: a stack follows.
func blamedShown(rows, height int) int { return min(rows, max(3, (height-6)/2)) }

// blameHead is how many lines are above the stack.
func blameHead(rows, height int) int {
	most := blamedShown(rows, height)
	if rows > most {
		return most + 4 // and how many more there are
	}
	return most + 3
}

// blameStack is the stack that caused most of what a function is blamed for.
func (m *Model) blameStack(b *collect.BlameRow, pid, width int) []string {
	room := width - gutter - 1
	of := ""
	if b.Thread != 0 {
		of = " of " + m.threadWords(pid, b.Thread)
	}
	if len(b.Stack) == 0 {
		return []string{format.Blank(gutter) + m.signs.CutRight("a stack"+of+" that could not be read made others wait "+m.sumMark(pid)+m.signs.Duration(b.Wait), room)}
	}
	text := " made others wait " + m.sumMark(pid) + m.signs.Duration(b.Wait) + ", mostly in this stack" + of + ":"
	name := m.signs.CutName(blameName(b), max(8, room-format.Width(text)))
	return append([]string{format.Blank(gutter) + m.signs.CutRight(name+text, room)}, m.frames(b.Stack, width)...)
}

// threadWords is a thread's TID, and its name where it is known.
func (m *Model) threadWords(pid, tid int) string {
	for i := range m.shown.Threads {
		if t := &m.shown.Threads[i]; t.PID == pid && t.TID == tid && t.Name != "" {
			return format.Whole(tid) + " " + threadName(t)
		}
	}
	return format.Whole(tid)
}

// frames are the lines of a stack, the innermost frame first.
func (m *Model) frames(stack []collect.Place, width int) []string {
	lines := make([]string, len(stack))
	for i, p := range stack {
		name := format.Plain(p.Function)
		room := width - gutter - 4 - format.Width(name) - 3
		place := m.signs.CutLeft(format.FullPlace(p.File, p.Line), max(12, room))
		lines[i] = format.Blank(gutter+4) + m.signs.CutRight(name+"  "+place, width-gutter-5)
	}
	return lines
}
