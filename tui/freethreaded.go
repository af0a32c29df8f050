package tui

import (
	"cmp"
	"slices"
	"time"

	"pytop/collect"
	"pytop/tui/format"
)

// withoutGIL tells whether all that is watched runs without a GIL: what threads
// wait for instead is then shown.
func withoutGIL(s *collect.Snapshot) bool { return s != nil && len(s.GILs) == 0 && len(s.Worlds) > 0 }

// paneWorlds are the processes without a GIL that the pane is about: see paneGILs.
func (m *Model) paneWorlds() []collect.WorldRow {
	switch {
	case m.shown == nil:
		return nil
	case m.only == nil:
		return m.shown.Worlds
	}
	var own []collect.WorldRow
	for i := range m.shown.Worlds {
		if w := &m.shown.Worlds[i]; w.PID == m.only.PID {
			own = append(own, *w)
		}
	}
	return own
}

// paneFree tells whether the pane is about processes without a GIL alone.
func (m *Model) paneFree() bool { return len(m.paneGILs()) == 0 && len(m.paneWorlds()) > 0 }

// paneWorld is the one that was stopped longest; there is one at least.
func (m *Model) paneWorld() *collect.WorldRow { return worstWorld(m.paneWorlds()) }

// noGILWord says that there is none; empty: there is one.
func (m *Model) noGILWord() string {
	if m.paneFree() {
		return "no GIL (free-threaded)"
	}
	return ""
}

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

// waitLines are a thread's waits and pauses in full, where there is no GIL.
func (m *Model) waitLines(t *collect.ThreadRow, width int) []string {
	mark := m.gilMark(t.PID)
	all := func(n uint64, what string, d time.Duration) string {
		switch {
		case n == 0 && d == 0 && mark != "":
			return m.signs.Unknown
		case n == 0 && d == 0:
			return "none"
		}
		return mark + format.Count(n) + what + ", " + mark + m.signs.Duration(d) + " in all"
	}
	lines := []string{"waits   " + all(t.Waits, " for mutexes", t.Wait) + m.longestOf(t.WaitMax, mark)}
	if t.Waits > 0 {
		lines = append(lines, "        "+histogram(m.signs, t.WaitHist))
	}
	lines = append(lines, "pauses  "+all(t.Pauses, "", t.Pause)+m.longestOf(t.PauseMax, mark), "parked  "+all(t.Parks, " times for something else", t.Park))
	for i, text := range lines {
		lines[i] = "   " + m.signs.CutRight(text, width-4)
	}
	return lines
}

// longestOf says what was the longest; empty: there was none.
func (m *Model) longestOf(d time.Duration, mark string) string {
	if d == 0 {
		return ""
	}
	return ", longest " + mark + m.signs.Duration(d)
}

// chooseColumns gives the table of threads the columns that apply.
func (m *Model) chooseColumns() {
	if free := m.paneFree(); free != m.freeThreads {
		m.freeThreads = free
		if free {
			m.blame.open, m.blame.under = false, false // nobody is
			m.threads.Columns = freeColumns(m.threadCells())
			m.threads.Sort("wait_share", true)
		} else {
			m.threads.Columns = threadTable(m.threadCells()).Columns
			m.threads.Sort("hold_share", true)
		}
	}
}

// worstWorld is the process that was stopped longest, of those that are measured.
func worstWorld(worlds []collect.WorldRow) *collect.WorldRow {
	worst := &worlds[0]
	for i := range worlds {
		switch w := &worlds[i]; {
		case w.Counting != worst.Counting:
			if w.Counting {
				worst = w
			}
		case w.PauseShare > worst.PauseShare || w.PauseShare == worst.PauseShare && w.WaitShare > worst.WaitShare:
			worst = w
		}
	}
	return worst
}

// measuredWorlds is how many of them are measured; with none that is, all.
func measuredWorlds(worlds []collect.WorldRow) int {
	n := 0
	for i := range worlds {
		if worlds[i].Counting {
			n++
		}
	}
	if n == 0 {
		return len(worlds)
	}
	return n
}

// worldNumbers are the header's words on processes without a GIL.
func (m *Model) worldNumbers(s *collect.Snapshot) []piece {
	st, w := m.styles, worstWorld(s.Worlds)
	left := []piece{{text: "none (free-threaded)", ink: st.bold, gap: " "}}
	if !w.Counting {
		return append(left, piece{text: m.signs.Unknown + " paused", ink: st.plain, gap: "  "})
	}
	mark := m.gilMark(w.PID)
	left = append(left,
		piece{text: mark + format.HeadPercent(w.PauseShare) + " paused", ink: st.plain, gap: "  "},
		piece{text: mark + format.Rate(w.PausesPerS) + " pauses/s", ink: st.plain, gap: "  ", rank: 2},
		piece{text: mark + format.Rate(w.WaitsPerS) + " waits/s", ink: st.plain, gap: "  ", rank: 4})
	if n := measuredWorlds(s.Worlds); n > 1 || len(s.Processes) > 1 {
		left = append(left, m.worst(pidText(w.PID), n)...)
	}
	return left
}

// stopperName is a thread that stopped the world.
func (m *Model) stopperName(s *collect.Snapshot, pid, tid int) string {
	if tid == 0 {
		return "a thread not known"
	}
	for i := range s.Threads {
		if t := &s.Threads[i]; t.PID == pid && t.TID == tid && !t.Ended && !m.sameNames {
			return threadName(t)
		}
	}
	return "thread " + format.Whole(tid)
}

// stopperLines are who stopped the world, beside the threads of a wide screen.
func (m *Model) stopperLines(w *collect.WorldRow, width, height int) []string {
	st, mark := m.styles, m.gilMark(w.PID)
	lines := []string{st.idle.paint("STOPPED BY") + st.dim.paint(" in all")}
	rows := stoppersOf(w)
	for _, b := range rows[:min(len(rows), max(0, height-1))] {
		text := mark + pauses(b.Pauses) + ", " + mark + m.signs.Duration(b.Pause)
		if all := text + " in all"; format.Width(all)+leastStopper < width {
			text = all
		}
		cells := max(16, format.Width(text)+1)
		lines = append(lines, format.Left(m.signs.CutRight(m.stopperName(m.shown, w.PID, b.TID), width-cells-1), width-cells)+format.Right(text, cells))
	}
	return lines
}

// pauses is so many of them, in words.
func pauses(n uint64) string { return format.Count(n) + " " + format.Word(n, "pause", "pauses") }

// leastStopper is how many cells the name of who stopped the world keeps before
// it is said in each line, too, that the numbers are of all pauses.
const leastStopper = 12

// stoppersOf are the threads that stopped the world, who did so for longest in
// all first: who did in the last interval changes with each. Those that did not
// since R are left out.
func stoppersOf(w *collect.WorldRow) []collect.StopperRow {
	rows := slices.DeleteFunc(slices.Clone(w.StopperRows), func(one collect.StopperRow) bool { return one.Pauses == 0 })
	slices.SortStableFunc(rows, func(a, b collect.StopperRow) int {
		return cmp.Or(cmp.Compare(b.Pause, a.Pause), cmp.Compare(b.Pauses, a.Pauses), cmp.Compare(a.TID, b.TID))
	})
	return rows
}

// worldLine says how long the world was stopped, and by whom.
func (m *Model) worldLine(w *collect.WorldRow, width int) string {
	st := m.styles
	if !w.Counting && w.Status == collect.GILOff {
		return m.line(width, []piece{{text: m.gilReason(m.shown), ink: st.amber, flex: true}}, nil)
	}
	mark := m.gilMark(w.PID)
	switch {
	case w.Pauses == 0 && w.Pausing == 0 && mark != "":
		return m.line(width, []piece{{text: "pauses: none was seen", ink: st.dim}}, nil)
	case w.Pauses == 0 && w.Pausing == 0:
		return m.line(width, []piece{{text: "pauses: no thread felt one", ink: st.dim}}, nil)
	}
	pieces := []piece{
		{text: "pauses:", ink: st.dim},
		{text: mark + format.Count(w.Pauses) + ", longest " + mark + m.signs.Duration(w.PauseMax), ink: st.bold, gap: " "},
		{text: mark + m.signs.Duration(w.Pause) + " in all", ink: st.plain, gap: "  ", rank: 2},
	}
	if stoppers := stoppersOf(w); len(stoppers) > 0 {
		pieces = append(pieces, piece{text: "most by " + m.stopperName(m.shown, w.PID, stoppers[0].TID), ink: st.plain, gap: "  ", rank: 1})
	}
	if w.Pausing > 0 {
		pieces = append(pieces, piece{text: "now for " + m.signs.Duration(w.Pausing), ink: st.amber, gap: "  "})
	}
	return m.line(width, pieces, nil)
}

// worldPlain is the pane as text, of processes without a GIL.
func (m *Model) worldPlain(s *collect.Snapshot, top int) []string {
	var lines []string
	for i := range s.Worlds {
		w := &s.Worlds[i]
		mark := m.gilMark(w.PID)
		lines = append(lines, "", "no GIL (free-threaded), pid "+format.Whole(w.PID)+": paused "+mark+m.signs.Duration(w.Pause)+" of "+m.signs.Duration(w.Measured)+m.signs.Dot+
			mark+pauses(w.Pauses)+", longest "+mark+m.signs.Duration(w.PauseMax)+m.signs.Dot+string(w.Status))
		stoppers := stoppersOf(w)
		for _, b := range stoppers[:min(len(stoppers), 3)] {
			lines = append(lines, "   "+m.stopperName(s, w.PID, b.TID)+" stopped it, "+mark+pauses(b.Pauses)+", "+mark+m.signs.Duration(b.Pause)+" in all, longest "+mark+m.signs.Duration(b.PauseMax))
		}
	}
	pid := plainPID(s)
	lines = append(lines, "", pid("pid")+format.Right("tid", 11)+"  "+format.Left("thread", plainName)+format.Right("waits", 9)+format.Right("waited", 10)+format.Right("longest", 10)+
		format.Right("pauses", 9)+format.Right("paused", 10)+format.Right("longest", 10))
	rows := slices.DeleteFunc(slices.Clone(s.Threads), func(t collect.ThreadRow) bool { return !t.NoGIL })
	slices.SortStableFunc(rows, func(a, b collect.ThreadRow) int { return cmp.Compare(b.Wait+b.Pause, a.Wait+a.Pause) })
	for i := range rows[:min(len(rows), top)] {
		t := &rows[i]
		cell := m.plainCells(t, !t.Measured)
		lines = append(lines, pid(format.Whole(t.PID))+format.Right(format.Whole(t.TID), 11)+"  "+format.Left(threadNameIn(m.signs, t, plainName-1), plainName)+
			cell.count(t.Waits, 9)+cell.duration(t.Wait, 10)+cell.longest(t.Waits, t.WaitMax, 10)+
			cell.count(t.Pauses, 9)+cell.duration(t.Pause, 10)+cell.longest(t.Pauses, t.PauseMax, 10))
	}
	return lines
}

// rebaseWorld makes the totals of a process without a GIL count from b on: see rebaseGIL.
func rebaseWorld(w *collect.WorldRow, b *collect.WorldReading, since *collect.WorldRow) {
	w.Pauses -= min(w.Pauses, b.Pauses)
	w.Pause -= min(w.Pause, b.Pause)
	w.Measured -= min(w.Measured, b.Measured)
	deltas := map[int]uint64{}
	for _, one := range since.StopperRows {
		deltas[one.TID] = one.Delta
	}
	before := map[int]time.Duration{}
	for _, one := range b.Stoppers {
		before[one.TID] = one.Pause
	}
	for i := range w.StopperRows {
		one := &w.StopperRows[i]
		one.Pauses, one.Pause = deltas[one.TID], one.Pause-min(one.Pause, before[one.TID])
	}
	w.Stoppers = nil // their rows say it
}
