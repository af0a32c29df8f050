package gil

import (
	"slices"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// view draws the functions that made others wait, and the stack that one
// of them was seen in.
func (b *Blame) view(width, height int) []string {
	st := b.Styles
	title := func(back string) string {
		return b.Line(width, []pane.Piece{{Text: "BLAME", Ink: st.Title}, {Text: "who held the GIL while others waited", Ink: st.Dim, Gap: "  ", Rank: 1}}, []pane.Piece{{Text: back, Ink: st.Dim}})
	}
	lines := []string{title("Esc back")}
	rows := b.blamedRows()
	if len(rows) == 0 {
		return pane.Clip(append(lines, format.Blank(pane.Gutter)+st.Dim.Paint(b.none())), height)
	}
	head := format.Right("now", 7) + "  " + format.Right("in all", 11) + "  function"
	if b.Several() {
		head = format.Right("pid", 7) + "  " + head
	}
	lines = append(lines, format.Blank(pane.Gutter)+st.Dim.Paint(head))
	at := max(0, slices.IndexFunc(rows, func(row blamedRow) bool { return row.key() == b.of }))
	most := blamedShown(len(rows), height)
	first := max(0, min(at-most/2, len(rows)-most))
	for i := first; i < first+most; i++ {
		lines = append(lines, b.row(rows[i], width, i == at))
	}
	if hidden := len(rows) - most; hidden > 0 {
		lines = append(lines, format.Blank(pane.Gutter)+st.Dim.Paint(format.Exactly(hidden)+" more"))
	}
	stack, room := b.stack(rows[at].BlameRow, rows[at].pid, width), max(0, height-blameHead(len(rows), height))
	if len(stack) > room {
		lines[0] = title("PgUp PgDn scroll the stack" + b.Signs.Dot + "Esc back")
	}
	return append(append(lines, ""), b.scroll.View(stack, room)...)
}

// row is one function that made others wait.
func (b *Blame) row(of blamedRow, width int, cursor bool) string {
	st := b.Styles
	share, all := b.gilMark(of.pid)+format.HeadPercent(of.Share), b.sumMark(of.pid)+b.Signs.Duration(of.Wait)
	if !of.known {
		share = b.Signs.Unknown
	}
	text := format.Right(share, 7) + "  " + format.Right(all, 11) + "  "
	if b.Several() {
		text = format.Right(format.Whole(of.pid), 7) + "  " + text
	}
	used := pane.Gutter + format.Width(text)
	name := min(40, max(16, (width-used)/2))
	color := st.Plain
	if of.Delta == 0 {
		color = st.Dim
	}
	line := b.CursorSign(cursor) + color.PaintOn(cursor, text+format.Left(b.Signs.CutName(blameName(of.BlameRow), name), name))
	used += name
	place := ""
	if room := width - used - pane.ColumnGap - 1; of.Place.Function != "" && room >= 8 {
		place = format.Blank(pane.ColumnGap) + format.FilePlace(of.Place.File, of.Place.Line).Fit(b.Signs, room).String()
	}
	line += st.Dim.PaintOn(cursor, place)
	if cursor {
		line += st.Plain.PaintOn(true, format.Blank(width-used-format.Width(place)))
	}
	return line
}

// none says why the list of those that are to blame is empty.
func (b *Blame) none() string {
	if b.free() {
		return "there is no GIL to wait for"
	}
	mark, gils := "", b.paneGILs()
	for i := range gils {
		if why := blameUnknown(&gils[i]); why != "" {
			return why
		}
		mark += b.sumMark(gils[i].PID)
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

// stack is the stack that caused most of what a function is blamed for.
func (b *Blame) stack(row *collect.BlameRow, pid, width int) []string {
	room := width - pane.Gutter - 1
	of := ""
	if row.Thread != 0 {
		of = " of " + b.threadWords(pid, row.Thread)
	}
	if len(row.Stack) == 0 {
		return []string{format.Blank(pane.Gutter) + b.Signs.CutRight("a stack"+of+" that could not be read made others wait "+b.sumMark(pid)+b.Signs.Duration(row.Wait), room)}
	}
	text := " made others wait " + b.sumMark(pid) + b.Signs.Duration(row.Wait) + ", mostly in this stack" + of + ":"
	name := b.Signs.CutName(blameName(row), max(8, room-format.Width(text)))
	return append([]string{format.Blank(pane.Gutter) + b.Signs.CutRight(name+text, room)}, b.frames(row.Stack, width)...)
}
