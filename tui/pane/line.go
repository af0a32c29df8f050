package pane

import (
	"strings"

	"pytop/tui/format"
)

// Piece is a part of a line of the header. When the line is too short the
// Piece of the highest rank leaves first; rank 0 stays.
type Piece struct {
	Text string
	Unit string // after the text, dim
	Ink  Ink
	Rank int
	Gap  string // what stands before it, unless it is the first; dim
	Flex bool   // may be cut at its right, down to least cells
}

// least is what is left of a piece that is cut.
const least = 24

func (p Piece) width() int {
	w := format.Width(p.Text)
	if p.Flex {
		w = min(w, least)
	}
	return w + format.Width(p.Unit)
}

// Line sets pieces at the left and at the right of width cells.
func (s *Screen) Line(width int, left, right []Piece) string {
	const margin = 1
	room := width - 2*margin
	left, right = present(left), present(right)
	for Need(left, right) > room {
		if !dropHighest(&left, &right) {
			break
		}
	}
	spare := room - Need(left, right)
	for _, side := range [][]Piece{left, right} {
		for i := range side {
			if p := &side[i]; p.Flex {
				p.Text = s.Signs.CutRight(p.Text, p.width()+max(0, spare))
				p.Flex = false
				spare = room - Need(left, right)
			}
		}
	}
	var b strings.Builder
	b.WriteString(format.Blank(margin))
	s.write(&b, left)
	if len(right) > 0 {
		b.WriteString(format.Blank(room - sideWidth(left) - sideWidth(right)))
		s.write(&b, right)
	}
	return b.String()
}

func (s *Screen) write(b *strings.Builder, side []Piece) {
	for i, p := range side {
		if i > 0 {
			b.WriteString(s.Styles.Dim.Paint(p.Gap))
		}
		b.WriteString(p.Ink.Paint(p.Text))
		b.WriteString(s.Styles.Dim.Paint(p.Unit))
	}
}

// present leaves out pieces that say nothing.
func present(side []Piece) []Piece {
	out := make([]Piece, 0, len(side))
	for _, p := range side {
		if p.Text != "" {
			out = append(out, p)
		}
	}
	return out
}

func sideWidth(side []Piece) int {
	n := 0
	for i, p := range side {
		if i > 0 {
			n += format.Width(p.Gap)
		}
		n += p.width()
	}
	return n
}

// Need is how many cells pieces take, at the least.
func Need(left, right []Piece) int {
	n := sideWidth(left) + sideWidth(right)
	if len(right) > 0 {
		n += 2
	}
	return n
}

// dropHighest takes away the piece of the highest rank, the last of equals;
// false when all that are left must stay.
func dropHighest(sides ...*[]Piece) bool {
	var from *[]Piece
	at, rank := 0, 0
	for _, side := range sides {
		for i, p := range *side {
			if p.Rank > 0 && p.Rank >= rank {
				from, at, rank = side, i, p.Rank
			}
		}
	}
	if from == nil {
		return false
	}
	*from = append((*from)[:at], (*from)[at+1:]...)
	return true
}
