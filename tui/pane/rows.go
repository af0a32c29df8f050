package pane

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
	"pytop/tui/table"
)

const (
	// Gutter is how many cells are before the first column, for the cursor.
	Gutter = 3
	// ColumnGap is how many cells are between columns.
	ColumnGap = 2
	// WheelRows is how far a step of the wheel scrolls.
	WheelRows = 3
)

// Rows is a table on the screen: what keys and the mouse do with it, and how
// its rows are drawn.
type Rows[R any] struct {
	*table.Table[R]
	Screen *Screen

	// Ink is the colour of a cell.
	Ink func(row *R, field, text string, cursor bool) Ink
	// Head is what stands before a row, Gutter cells; nil: the cursor's sign.
	Head func(row *R, cursor bool) string
	// Write writes a cell that is drawn in a way of its own, and says so; nil:
	// none is.
	Write func(b *strings.Builder, row *R, c table.Placed[R], cursor bool) bool
	// Sorted is called when the user chose an order; nil: nobody asks.
	Sorted func()
}

// Placed places the columns in a width.
func (r *Rows[R]) Placed(width int) []table.Placed[R] { return r.Layout(width-Gutter-1, ColumnGap) }

// Press moves and sorts by keys, in a width and with so many rows in view;
// false: the key means nothing to a table.
func (r *Rows[R]) Press(msg tea.KeyPressMsg, width, height int) bool {
	if n, ok := Moves(msg, max(1, height-1)); ok {
		r.Go(n, IsPage(msg), height)
		return true
	}
	if key.Matches(msg, Keys.Reverse) {
		r.Reverse()
		return true
	}
	return r.PressSort(msg, width)
}

// Go moves the cursor by n rows, or with the view by pages: these need no
// cursor.
func (r *Rows[R]) Go(n int, page bool, height int) {
	_, has := r.Cursor()
	switch {
	case n == -Far:
		r.Release()
	case n == Far:
		r.Place(Far)
		r.Reveal(height)
	case page && !has:
		r.Scroll(n, height)
	case page:
		r.Scroll(n, height)
		r.Move(n, height)
	default:
		r.Move(n, height)
	}
}

// Reverse turns the order round.
func (r *Rows[R]) Reverse() {
	by, falling := r.SortedBy()
	r.told()
	r.Sort(by, !falling)
}

// PressSort sorts by the next, the previous or the n-th column in view.
func (r *Rows[R]) PressSort(msg tea.KeyPressMsg, width int) bool {
	switch {
	case key.Matches(msg, Keys.Sort):
		r.next(1, width)
	case key.Matches(msg, Keys.SortBack):
		r.next(-1, width)
	case key.Matches(msg, Keys.Digit):
		fields := r.Fields(width-Gutter-1, ColumnGap)
		if n := int(msg.String()[0] - '1'); n < len(fields) {
			r.Choose(fields[n])
		}
	default:
		return false
	}
	return true
}

func (r *Rows[R]) next(n, width int) {
	fields := r.Fields(width-Gutter-1, ColumnGap)
	by, _ := r.SortedBy()
	i := slices.Index(fields, by)
	r.Choose(fields[(i+n+len(fields))%len(fields)])
}

// Choose sorts by a column as the user's choice; the same column again turns
// round.
func (r *Rows[R]) Choose(field string) {
	r.told()
	if by, falling := r.SortedBy(); by == field {
		r.Sort(by, !falling)
		return
	}
	r.First(field)
}

func (r *Rows[R]) told() {
	if r.Sorted != nil {
		r.Sorted()
	}
}

// Click is a click on a line of a pane whose second line is the titles, and
// whose rows, height of them, begin at the line head. It sorts, or puts the
// cursor there; true: the cursor was there.
func (r *Rows[R]) Click(x, line, head, width, height int) (again bool) {
	if line == 1 {
		for _, c := range r.Placed(width) {
			if x >= Gutter+c.X-ColumnGap && x < Gutter+c.X+c.Width && c.Sorts() {
				r.Choose(c.Field)
				break
			}
		}
		return false
	}
	i := r.Offset(height) + line - head
	if line < head || line >= head+height || i >= r.Len() {
		return false
	}
	if at, ok := r.Cursor(); ok && at == i {
		return true
	}
	r.Place(i)
	return false
}

// Titles writes the columns' titles, that of the sorted one with its direction.
func (r *Rows[R]) Titles(columns []table.Placed[R]) string {
	st, signs := r.Screen.Styles, r.Screen.Signs
	by, falling := r.SortedBy()
	var b strings.Builder
	b.WriteString(format.Blank(Gutter))
	for i, c := range columns {
		if i > 0 {
			b.WriteString(format.Blank(ColumnGap))
		}
		title, color := c.Title, st.Dim
		if c.Field == by {
			color = st.Title
			title += " " + signs.Up
			if falling {
				title = c.Title + " " + signs.Down
			}
		}
		title = signs.CutRight(title, c.Width)
		if c.Right {
			b.WriteString(format.Blank(c.Width - format.Width(title)))
			b.WriteString(color.Paint(title))
			continue
		}
		b.WriteString(color.Paint(title))
		if i < len(columns)-1 {
			b.WriteString(format.Blank(c.Width - format.Width(title)))
		}
	}
	return b.String()
}

// View draws so many rows from the first in view on; without the cursor if it
// is elsewhere.
func (r *Rows[R]) View(columns []table.Placed[R], width, height int, elsewhere bool) []string {
	var lines []string
	first := r.Offset(height)
	cursor, ok := r.Cursor()
	for i := first; i < min(first+height, r.Len()); i++ {
		lines = append(lines, r.draw(r.Row(i), columns, width, ok && i == cursor && !elsewhere))
	}
	return lines
}

func (r *Rows[R]) draw(row *R, columns []table.Placed[R], width int, cursor bool) string {
	st := r.Screen.Styles
	var b strings.Builder
	if r.Head != nil {
		b.WriteString(r.Head(row, cursor))
	} else {
		b.WriteString(r.Screen.CursorSign(cursor))
	}
	used := Gutter
	for i, c := range columns {
		if i > 0 {
			b.WriteString(st.Plain.PaintOn(cursor, format.Blank(ColumnGap)))
			used += ColumnGap
		}
		used += c.Width
		if r.Write != nil && r.Write(&b, row, c, cursor) {
			continue
		}
		text := c.Cell(row, c.Width)
		in := r.Ink(row, c.Field, text, cursor)
		b.WriteString(in.PaintOn(cursor, Aligned(text, c)))
	}
	if cursor {
		b.WriteString(st.Plain.PaintOn(true, format.Blank(width-used)))
	}
	return b.String()
}

// Aligned is a cell's text at its side of the column.
func Aligned[R any](text string, c table.Placed[R]) string {
	if c.Right {
		return format.Right(text, c.Width)
	}
	return format.Left(text, c.Width)
}

// Plain is the i-th row as text.
func (r *Rows[R]) Plain(i int, columns []table.Placed[R]) string {
	text := format.Blank(Gutter)
	for k, c := range columns {
		if k > 0 {
			text += format.Blank(ColumnGap)
		}
		text += Aligned(c.Cell(r.Row(i), c.Width), c)
	}
	return text
}
