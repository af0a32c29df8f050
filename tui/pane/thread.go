package pane

import (
	"pytop/collect"
	"pytop/tui/format"
)

// EndedWord stands behind the name of a thread that is no more.
const EndedWord = " (ended)"

// ThreadName is a thread's name, "?" without one.
func ThreadName(t *collect.ThreadRow) string {
	name := format.Plain(t.Name)
	if name == "" {
		name = "?"
	}
	if t.Ended && t.TID != 0 {
		name += EndedWord
	}
	return name
}

// SameNames tells whether threads cannot be told apart by their names: before
// 3.14 CPython does not tell the kernel what they are called.
func SameNames(rows []collect.ThreadRow) bool {
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

// ThreadShown tells whether a thread has a row: it lives, or was active in the
// interval.
func ThreadShown(t *collect.ThreadRow, s *collect.Snapshot) bool {
	return !t.Ended || ThreadActive(t) || s.Final
}

// ThreadActive tells whether a thread used or wanted the GIL in the interval;
// without one, whether it waited or was paused.
func ThreadActive(t *collect.ThreadRow) bool {
	return t.HoldsDelta > 0 || t.HoldShare > 0 || t.Holding > 0 || t.Waiting > 0 || t.NoGIL && (t.WaitsDelta > 0 || t.PauseShare > 0 || t.Pausing > 0)
}

// ShownThreads are the threads of a snapshot that have a row.
func ShownThreads(s *collect.Snapshot) []collect.ThreadRow {
	rows := make([]collect.ThreadRow, 0, len(s.Threads))
	for _, t := range s.Threads {
		if ThreadShown(&t, s) {
			rows = append(rows, t)
		}
	}
	return rows
}

// LowerBounds are the processes, by PID, of which not all was seen that
// happened in the span to the GIL, or to their waits without one: what is said
// of them is at least that.
func LowerBounds(s *collect.Snapshot) map[int]bool {
	bounded, whole := map[int]bool{}, map[int]bool{}
	for i := range s.Processes {
		p := &s.Processes[i]
		if whole[p.Process.PID] = p.GIL.WholeSince(s.Begin()); !whole[p.Process.PID] && p.GIL.Status == collect.GILLowerBound {
			bounded[p.Process.PID] = true
		}
	}
	for i := range s.GILs {
		if g := &s.GILs[i]; g.Status == collect.GILLowerBound && !whole[g.PID] {
			bounded[g.PID] = true
		}
	}
	for i := range s.Worlds {
		if w := &s.Worlds[i]; w.Status == collect.GILLowerBound && !whole[w.PID] {
			bounded[w.PID] = true
		}
	}
	return bounded
}
