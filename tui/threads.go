package tui

import (
	"slices"
	"strings"
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

func (m *Model) threadCells() threadCells {
	return threadCells{m.signs, m.isEstimated, m.isBounded, m.part}
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

// isEstimated tells whether a process's GIL's fields are read, or were in the interval.
func (m *Model) isEstimated(pid int) bool { return m.estimated[pid] }

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

func threadName(t *collect.ThreadRow) string {
	name := format.Plain(t.Name)
	if name == "" {
		name = "?"
	}
	if t.Ended && t.TID != 0 {
		name += endedWord
	}
	return name
}

// threadNameIn is a thread's name in so many cells: that it has ended stays whole.
func threadNameIn(signs *format.Signs, t *collect.ThreadRow, width int) string {
	name, ended := strings.CutSuffix(threadName(t), endedWord)
	if !ended || width < 2*len(endedWord)-1 {
		return signs.CutRight(threadName(t), width)
	}
	return signs.CutRight(name, width-len(endedWord)) + endedWord
}

// endedWord stands behind the name of a thread that is no more.
const endedWord = " (ended)"

// setThreads puts the threads of a snapshot on the screen: those that live, or
// were active in the interval.
func (m *Model) setThreads(s *collect.Snapshot) {
	m.estimated = map[int]bool{}
	for i := range s.GILs {
		m.estimated[s.GILs[i].PID] = m.estimated[s.GILs[i].PID] || s.GILs[i].Estimated
	}
	rows := make([]collect.ThreadRow, 0, len(s.Threads))
	for _, t := range s.Threads {
		if isShown(&t, s) {
			rows = append(rows, t)
		}
	}
	slices.SortFunc(rows, func(a, b collect.ThreadRow) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	m.sameNames = haveSameNames(rows)
	m.showPIDs(s)
	m.threads.Set(rows)
	m.spark = slices.Clone(m.waited)
}

// haveSameNames tells whether threads cannot be told apart by their names:
// before 3.14 CPython does not tell the kernel what they are called.
func haveSameNames(rows []collect.ThreadRow) bool {
	type name struct {
		pid  int
		name string
	}
	seen := map[name]bool{}
	for i := range rows {
		n := name{rows[i].PID, rows[i].Name}
		if seen[n] {
			return true
		}
		seen[n] = true
	}
	return false
}

// threadsView draws so many threads, under their columns' titles.
func (m *Model) threadsView(width, rows int) []string {
	columns := m.threads.Layout(width-gutter-1, gap2)
	by, falling := m.threads.SortedBy()
	lines := []string{titles(m, columns, by, falling)}
	if m.threads.Len() == 0 && m.threadsOf(m.shown) > 0 {
		text := "no thread matches " + m.signs.Quote(format.Plain(m.threadFilter)) + m.signs.Dot + "Esc clears the filter"
		lines = append(lines, format.Blank(gutter)+m.styles.amber.paint(m.signs.CutRight(text, width-gutter-1)))
	}
	first := m.threads.Offset(rows)
	cursor, ok := m.threads.Cursor()
	for i := first; i < min(first+rows, m.threads.Len()); i++ {
		lines = append(lines, m.threadRow(m.threads.Row(i), columns, width, ok && i == cursor && !m.blame.under))
	}
	return lines
}

func (m *Model) threadRow(t *collect.ThreadRow, columns []table.Placed[collect.ThreadRow], width int, cursor bool) string {
	st := m.styles
	color := st.plain
	if !active(t) {
		color = st.dim
	}
	var b strings.Builder
	b.WriteString(m.cursorSign(cursor))
	used := gutter
	for i, c := range columns {
		if i > 0 {
			b.WriteString(st.plain.paintOn(cursor, format.Blank(gap2)))
			used += gap2
		}
		used += c.Width
		text, in := c.Cell(t, c.Width), color
		if strings.HasPrefix(text, m.signs.Estimate) || strings.HasPrefix(text, m.signs.AtLeast) {
			in = st.amber
		}
		if c.Right {
			text = format.Right(text, c.Width)
		} else {
			text = format.Left(text, c.Width)
		}
		b.WriteString(in.paintOn(cursor, text))
	}
	if cursor {
		b.WriteString(st.plain.paintOn(true, format.Blank(width-used)))
	}
	return b.String()
}

// cursorSign is what stands before a row.
func (m *Model) cursorSign(cursor bool) string {
	if cursor {
		return m.styles.accent.paintOn(true, " "+m.signs.Cursor+" ")
	}
	return format.Blank(gutter)
}

// active tells whether a thread used or wanted the GIL in the interval; without
// one, whether it waited or was paused.
func active(t *collect.ThreadRow) bool {
	return t.HoldsDelta > 0 || t.HoldShare > 0 || t.Holding > 0 || t.Waiting > 0 || t.NoGIL && (t.WaitsDelta > 0 || t.PauseShare > 0 || t.Pausing > 0)
}
