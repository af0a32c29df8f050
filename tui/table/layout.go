package table

import "unicode/utf8"

// Placed is a column with the cells it got.
type Placed[R any] struct {
	*Column[R]
	X, Width int // X counts from the table's left
}

// directionCells is the room that the title of the column that orders needs for
// which way: a sign, and a blank before it.
const directionCells = 2

// Layout chooses the columns that fit into width cells, gap cells apart, and
// shares out what is left. The column that orders is always among them.
func (t *Table[R]) Layout(width, gap int) []Placed[R] {
	var placed []Placed[R]
	for i := range t.Columns {
		c := &t.Columns[i]
		if t.by != c.Field && (c.Hide || c.From > width) {
			continue
		}
		width := c.Width
		if t.by == c.Field {
			width = max(width, utf8.RuneCountInString(c.Title)+directionCells)
		}
		placed = append(placed, Placed[R]{Column: c, Width: width})
	}
	for total(placed, gap) > width {
		out := -1
		for i, p := range placed {
			if p.Leave > 0 && p.Field != t.by && (out < 0 || p.Leave > placed[out].Leave) {
				out = i
			}
		}
		if out < 0 {
			break
		}
		placed = append(placed[:out], placed[out+1:]...)
	}
	grow(placed, width-total(placed, gap))
	shrink(placed, total(placed, gap)-width)
	x := 0
	for i := range placed {
		placed[i].X = x
		x += placed[i].Width + gap
	}
	return placed
}

func total[R any](placed []Placed[R], gap int) int {
	n := -gap
	for _, p := range placed {
		n += p.Width + gap
	}
	return n
}

// grow shares out room among the columns that grow, by their parts; what one
// cannot take for its Most goes to the others.
func grow[R any](placed []Placed[R], room int) {
	for room > 0 {
		parts := 0
		for _, p := range placed {
			if p.canGrow() {
				parts += p.Grow
			}
		}
		if parts == 0 {
			return
		}
		given := 0
		for i := range placed {
			p := &placed[i]
			if !p.canGrow() {
				continue
			}
			n := min(room-given, max(1, room*p.Grow/parts))
			if p.Most > 0 {
				n = min(n, p.Most-p.Width)
			}
			p.Width += n
			given += n
		}
		room -= given
	}
}

// shrink takes n cells from the columns that grow, from the widest first.
func shrink[R any](placed []Placed[R], n int) {
	for ; n > 0; n-- {
		widest := -1
		for i, p := range placed {
			if p.Grow > 0 && p.Width > 1 && (widest < 0 || p.Width > placed[widest].Width) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		placed[widest].Width--
	}
}

func (p *Placed[R]) canGrow() bool {
	return p.Grow > 0 && (p.Most == 0 || p.Width < p.Most)
}
