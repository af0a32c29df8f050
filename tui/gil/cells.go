package gil

import (
	"time"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/table"
)

// threadCells writes and orders what is known of a thread. While a GIL's
// fields are read no more is known than about how long it was held; where not
// all was seen, all of it is at least that.
type threadCells struct {
	signs     *format.Signs
	estimated func(pid int) bool
	bounded   func(pid int) bool
	part      func(pid int) bool // its fields were read for a time, since counting began
}

type threadColumn = table.Column[collect.ThreadRow]

// threadTable makes the table of threads.
func threadTable(c threadCells) *table.Table[collect.ThreadRow] {
	type row = collect.ThreadRow
	signs := c.signs
	columns := []threadColumn{
		{
			Title: "pid", Field: "pid", Width: 7, Right: true, Hide: true, Leave: 2,
			Cell:  func(t *row, _ int) string { return format.Whole(t.PID) },
			Value: func(t *row) float64 { return float64(t.PID) },
		}, {
			Title: "tid", Field: "tid", Width: 7, Right: true, Leave: tidLeaves,
			Cell:  func(t *row, _ int) string { return format.Whole(t.TID) },
			Value: func(t *row) float64 { return float64(t.TID) },
		}, {
			Title: "thread", Field: "name", Width: 15, Grow: 20, Most: 24,
			Cell: func(t *row, width int) string { return threadNameIn(signs, t, width) },
			Text: func(t *row) string { return t.Name },
		}, {
			Title: "held", Field: "hold_share", Width: format.Width(signs.AtLeast + "100 %"), Right: true, Falling: true,
			Cell: func(t *row, _ int) string { return c.held(t) }, Value: func(t *row) float64 { return t.HoldShare },
		},
		c.counted("waited", "wait_share", 8, 0, func(t *row) string { return format.HeadPercent(t.WaitShare) }, func(t *row) float64 { return t.WaitShare }),
		c.counted("takes/s", "holds_per_s", 9, 5, func(t *row) string { return format.Rate(t.HoldsPerS) }, func(t *row) float64 { return t.HoldsPerS }),
		c.longest("longest hold", "hold_max_s", 3, func(t *row) (time.Duration, bool) { return t.HoldMax, t.HoldMax > 0 || t.Holding > 0 }),
		c.longest("longest wait", "wait_max_s", 4, func(t *row) (time.Duration, bool) { return t.WaitMax, t.WaitMax > 0 || t.Waiting > 0 }),
		c.counted("caused", "caused_wait_share", 8, 9, func(t *row) string { return format.HeadPercent(t.CausedShare) }, func(t *row) float64 { return t.CausedShare }),
		c.used("cpu", "cpu_share", 6, 8, func(t *row) float64 { return t.CPUShare }),
		c.used("queued", "run_queue_share", 8, 12, func(t *row) float64 { return t.RunShare }),
		{
			Title: "state", Field: "state", Width: 8, Leave: 10,
			Cell: func(t *row, width int) string { return signs.CutRight(c.state(t), width) }, Text: func(t *row) string { return t.State },
		}, {
			Title: "holds, 1 " + signs.Micro + " to 1 s", Field: "hold_hist", Width: holdCells, Leave: 11, From: 140,
			Cell: func(t *row, _ int) string { return c.histogram(t) },
		}, {
			Title: "runs", Field: "function", Width: 16, Grow: 60, Leave: 7,
			Cell: func(t *row, width int) string { return c.runs(t, width) },
			Text: func(t *row) string { return t.Place.Function },
		},
	}
	t := &table.Table[row]{Columns: withoutHolds(columns, signs), Key: func(t *row) uint64 { return t.ID }}
	t.Sort("hold_share", true)
	return t
}

func (c threadCells) held(t *collect.ThreadRow) string {
	switch {
	case !t.Counting:
		return c.signs.Unknown
	case c.estimated(t.PID):
		return c.signs.Estimate + format.HeadPercent(t.HoldShare)
	}
	return c.mark(t) + format.HeadPercent(t.HoldShare)
}

// mark stands before what is at least that.
func (c threadCells) mark(t *collect.ThreadRow) string {
	if c.bounded(t.PID) {
		return c.signs.AtLeast
	}
	return ""
}

// counted is a column of what takes and drops say.
func (c threadCells) counted(title, field string, width, leave int, cell func(t *collect.ThreadRow) string, value func(t *collect.ThreadRow) float64) threadColumn {
	known := func(t *collect.ThreadRow) bool { return t.Counting && !c.estimated(t.PID) }
	return threadColumn{
		Title: title, Field: field, Width: width, Right: true, Falling: true, Leave: leave,
		Cell: func(t *collect.ThreadRow, _ int) string {
			if !known(t) {
				return c.signs.Unknown
			}
			return c.mark(t) + cell(t)
		},
		Value: func(t *collect.ThreadRow) float64 {
			if !known(t) {
				return -1
			}
			return value(t)
		},
	}
}

// longest is a column of the longest of something, and whether there was any:
// also before R, which does not change it.
// While fields are read, or where not all was seen, a longer one may go by: also
// when that is over.
func (c threadCells) longest(title, field string, leave int, of func(t *collect.ThreadRow) (time.Duration, bool)) threadColumn {
	return threadColumn{
		Title: title, Field: field, Width: len(title), Right: true, Falling: true, Leave: leave,
		Cell: func(t *collect.ThreadRow, _ int) string {
			d, any := of(t)
			missed := c.estimated(t.PID) || c.bounded(t.PID) || c.part(t.PID)
			switch {
			case !t.Measured, !any && missed:
				return c.signs.Unknown
			case !any:
				return c.signs.None
			case missed:
				return c.signs.AtLeast + c.signs.Duration(d)
			}
			return c.signs.Duration(d)
		},
		Value: func(t *collect.ThreadRow) float64 {
			if d, any := of(t); any {
				return d.Seconds()
			}
			return -1
		},
	}
}

// used is a column of what /proc says that a thread used.
func (c threadCells) used(title, field string, width, leave int, value func(t *collect.ThreadRow) float64) threadColumn {
	return threadColumn{
		Title: title, Field: field, Width: width, Right: true, Falling: true, Leave: leave,
		Cell: func(t *collect.ThreadRow, _ int) string {
			switch {
			case t.Ended:
				return c.signs.None
			case !t.CPUKnown:
				return c.signs.Unknown
			}
			return format.HeadPercent(value(t))
		},
		Value: value,
	}
}

func (c threadCells) state(t *collect.ThreadRow) string {
	switch {
	case t.Ended:
		return "ended"
	case t.State == "":
		return c.signs.Unknown
	case t.State == "disk sleep":
		return "disk"
	}
	return format.Plain(t.State)
}

// A thread's holds are drawn by powers of two from 2^holdFirst ns (1 µs) on, in
// so many cells, up to 1 s: the same for all threads. What is shorter or longer
// is in the cells at the ends.
const (
	holdFirst = 10
	holdCells = 20
)

// histogram draws a thread's holds by how long they were.
func (c threadCells) histogram(t *collect.ThreadRow) string {
	switch {
	case !t.Measured || c.estimated(t.PID):
		return c.signs.Unknown
	case t.Holds == 0:
		return c.signs.None
	}
	values := make([]float64, holdCells)
	for i, n := range t.HoldHist {
		values[max(0, min(holdCells-1, i-holdFirst))] += float64(n)
	}
	return c.signs.Spark(values)
}

// runs is the function that a thread runs, and whether it waits for the GIL.
func (c threadCells) runs(t *collect.ThreadRow, width int) string {
	const waits, paused = "waits: ", "paused: "
	name := format.Plain(t.Place.Function)
	switch {
	case t.Ended:
		return c.signs.None
	case name == "":
		return c.signs.Unknown
	case t.Waiting > 0:
		return waits + c.signs.CutName(name, width-len(waits))
	case t.Pausing > 0:
		return paused + c.signs.CutName(name, width-len(paused))
	}
	return c.signs.CutName(name, width)
}
