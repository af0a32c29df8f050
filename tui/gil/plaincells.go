package gil

import (
	"time"

	"pytop/collect"
	"pytop/tui/format"
)

// plainCells writes numbers of one thread, as far as they are known.
type plainCells struct {
	signs   *format.Signs
	unknown bool
	mark    string // before what is a lower bound
}

func (p printed) cells(t *collect.ThreadRow, unknown bool) plainCells {
	return plainCells{p.Signs, unknown, p.gilMark(t.PID)}
}

func (c plainCells) cell(text string, width int) string {
	if c.unknown {
		return format.Right(c.signs.Unknown, width)
	}
	return format.Right(c.mark+text, width)
}

func (c plainCells) count(n uint64, width int) string { return c.cell(format.Count(n), width) }

func (c plainCells) duration(d time.Duration, width int) string {
	return c.cell(c.signs.Duration(d), width)
}

// longest is the longest of n; a dash: there was none, as far as all was seen.
func (c plainCells) longest(n uint64, d time.Duration, width int) string {
	switch {
	case n > 0 || d > 0:
		return c.duration(d, width)
	case c.mark != "":
		return format.Right(c.signs.Unknown, width)
	}
	return c.cell(c.signs.None, width)
}
