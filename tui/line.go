package tui

import (
	"strings"

	"pytop/tui/format"
)

// piece is a part of a line of the header. When the line is too short the
// piece of the highest rank leaves first; rank 0 stays.
type piece struct {
	text string
	unit string // after the text, dim
	ink  ink
	rank int
	gap  string // what stands before it, unless it is the first; dim
	flex bool   // may be cut at its right, down to least cells
}

// least is what is left of a piece that is cut.
const least = 24

func (p piece) width() int {
	w := format.Width(p.text)
	if p.flex {
		w = min(w, least)
	}
	return w + format.Width(p.unit)
}

// line sets pieces at the left and at the right of width cells.
func (m *Model) line(width int, left, right []piece) string {
	const margin = 1
	room := width - 2*margin
	left, right = present(left), present(right)
	for need(left, right) > room {
		if !dropHighest(&left, &right) {
			break
		}
	}
	spare := room - need(left, right)
	for _, side := range [][]piece{left, right} {
		for i := range side {
			if p := &side[i]; p.flex {
				p.text = m.signs.CutRight(p.text, p.width()+max(0, spare))
				p.flex = false
				spare = room - need(left, right)
			}
		}
	}
	var b strings.Builder
	b.WriteString(format.Blank(margin))
	m.write(&b, left)
	if len(right) > 0 {
		b.WriteString(format.Blank(room - sideWidth(left) - sideWidth(right)))
		m.write(&b, right)
	}
	return b.String()
}

func (m *Model) write(b *strings.Builder, side []piece) {
	for i, p := range side {
		if i > 0 {
			b.WriteString(m.styles.dim.paint(p.gap))
		}
		b.WriteString(p.ink.paint(p.text))
		b.WriteString(m.styles.dim.paint(p.unit))
	}
}

// present leaves out pieces that say nothing.
func present(side []piece) []piece {
	out := make([]piece, 0, len(side))
	for _, p := range side {
		if p.text != "" {
			out = append(out, p)
		}
	}
	return out
}

func sideWidth(side []piece) int {
	n := 0
	for i, p := range side {
		if i > 0 {
			n += format.Width(p.gap)
		}
		n += p.width()
	}
	return n
}

func need(left, right []piece) int {
	n := sideWidth(left) + sideWidth(right)
	if len(right) > 0 {
		n += 2
	}
	return n
}

// dropHighest takes away the piece of the highest rank, the last of equals;
// false when all that are left must stay.
func dropHighest(sides ...*[]piece) bool {
	var from *[]piece
	at, rank := 0, 0
	for _, side := range sides {
		for i, p := range *side {
			if p.rank > 0 && p.rank >= rank {
				from, at, rank = side, i, p.rank
			}
		}
	}
	if from == nil {
		return false
	}
	*from = append((*from)[:at], (*from)[at+1:]...)
	return true
}
