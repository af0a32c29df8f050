package gil

import (
	"slices"
	"time"

	"pytop/collect"
	"pytop/tui/format"
)

// freeColumns are the columns of threads that have no GIL.
func freeColumns(c threadCells) []threadColumn {
	type row = collect.ThreadRow
	c.estimated = func(int) bool { return false } // nothing is
	c.part = c.estimated
	list := threadTable(c).Columns
	of := func(field string, leave int) threadColumn {
		column := list[slices.IndexFunc(list, func(c threadColumn) bool { return c.Field == field })]
		column.Leave = leave
		return column
	}
	pause := c.longest("longest pause", "pause_max_s", 4, func(t *row) (time.Duration, bool) { return t.PauseMax, t.PauseMax > 0 || t.Pausing > 0 })
	return []threadColumn{
		of("pid", 2), of("tid", tidLeaves), of("name", 0),
		of("wait_share", 0),
		c.counted("paused", "pause_share", 8, 0, func(t *row) string { return format.HeadPercent(t.PauseShare) }, func(t *row) float64 { return t.PauseShare }),
		c.counted("waits/s", "waits_per_s", 9, 5, func(t *row) string { return format.Rate(t.WaitsPerS) }, func(t *row) float64 { return t.WaitsPerS }),
		of("wait_max_s", 2), pause,
		of("cpu_share", 8), of("run_queue_share", 9), of("state", 10), of("function", 3),
	}
}

// withoutHolds makes what is said of holds say that it does not apply to
// threads that have no GIL, where other threads have one.
func withoutHolds(columns []threadColumn, signs *format.Signs) []threadColumn {
	for i := range columns {
		c := &columns[i]
		if !slices.Contains([]string{"hold_share", "holds_per_s", "hold_max_s", "caused_wait_share", "hold_hist"}, c.Field) {
			continue
		}
		cell, value := c.Cell, c.Value
		if value != nil {
			c.Value = func(t *collect.ThreadRow) float64 {
				if t.NoGIL {
					return -1
				}
				return value(t)
			}
		}
		c.Cell = func(t *collect.ThreadRow, width int) string {
			if t.NoGIL {
				return signs.None
			}
			return cell(t, width)
		}
	}
	return columns
}
