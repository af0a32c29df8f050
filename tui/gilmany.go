package tui

import (
	"slices"

	"pytop/collect"
	"pytop/tui/format"
)

// The first columns of the threads' table.
const (
	columnPID = iota
	columnTID
)

// tidLeaves is when the TIDs leave, where names tell threads apart.
const tidLeaves = 6

// showPIDs gives the table of threads its columns, and shows whose the threads
// are when they may be several processes'. Threads that cannot be told apart by
// their names keep their TIDs.
func (m *Model) showPIDs(s *collect.Snapshot) {
	m.chooseColumns()
	m.threads.Columns[columnPID].Hide = s == nil || len(s.Processes) <= 1 || m.only != nil
	m.threads.Columns[columnTID].Leave = tidLeaves
	if m.sameNames {
		m.threads.Columns[columnTID].Leave = 0
	}
}

// isShown tells whether a thread has a row: it lives, or used the GIL in the interval.
func isShown(t *collect.ThreadRow, s *collect.Snapshot) bool {
	return !t.Ended || active(t) || s.Final
}

// threadsOf counts the threads of the process that was chosen, else all.
func (m *Model) threadsOf(s *collect.Snapshot) int {
	if m.only == nil || s == nil {
		return m.threads.All()
	}
	n := 0
	for i := range s.Threads {
		if t := &s.Threads[i]; t.PID == m.only.PID && isShown(t, s) {
			n++
		}
	}
	return n
}

// paneGILs are the GILs that the pane is about: of the process that was chosen, else all.
func (m *Model) paneGILs() []collect.GILRow {
	switch {
	case m.shown == nil:
		return nil
	case m.only == nil:
		return m.shown.GILs
	}
	var own []collect.GILRow
	for i := range m.shown.GILs {
		if g := &m.shown.GILs[i]; g.PID == m.only.PID {
			own = append(own, *g)
		}
	}
	return own
}

// paneMeasured tells whether the pane has something to show.
func (m *Model) paneMeasured() bool { return len(m.paneGILs())+len(m.paneWorlds()) > 0 }

// paneGIL is the one of them that is waited for most; there is one at least.
func (m *Model) paneGIL() *collect.GILRow { return worstOf(m.paneGILs()) }

// whose says whose GILs the pane is about, where they may be several processes':
// of several what is below and beside the threads is the worst one's.
func (m *Model) whose() []piece {
	var pieces []piece
	if m.only != nil {
		pieces = append(pieces, piece{text: pidText(m.only.PID) + " only", ink: m.styles.accent, gap: "   "})
	}
	gils, worlds := m.paneGILs(), m.paneWorlds()
	measured, _ := measuredGILs(gils)
	text := ""
	switch {
	case measured > 1:
		text = "switches and blame: " + gilOwner(m.paneGIL(), gils) + ", the worst"
	case m.only != nil:
	case measured == 1 && (len(worlds) > 0 || m.several()):
		text = "switches and blame: " + gilOwner(m.paneGIL(), gils)
	case measured == 0 && measuredWorlds(worlds) > 1:
		text = "pauses: " + pidText(m.paneWorld().PID) + ", the worst"
	}
	if text != "" {
		pieces = append(pieces, piece{text: text, ink: m.styles.dim, gap: "   ", rank: 1})
	}
	return pieces
}

// measuredGILs is how many of them are measured, and of how many processes they
// are; with none that is, of all.
func measuredGILs(gils []collect.GILRow) (n, processes int) {
	any := slices.ContainsFunc(gils, func(g collect.GILRow) bool { return g.Counting })
	of := map[int]bool{}
	for i := range gils {
		if g := &gils[i]; g.Counting || !any {
			n++
			of[g.PID] = true
		}
	}
	return n, len(of)
}

// gilOwner says whose a GIL is among others: a process's, or one of its
// interpreters'.
func gilOwner(g *collect.GILRow, gils []collect.GILRow) string {
	own := 0
	for i := range gils {
		if one := &gils[i]; one.PID == g.PID && one.Counting == g.Counting {
			own++
		}
	}
	interpreter := "interpreter " + format.Whole(int(g.Interpreter))
	switch _, processes := measuredGILs(gils); {
	case own <= 1:
		return pidText(g.PID)
	case processes <= 1:
		return interpreter
	}
	return pidText(g.PID) + " " + interpreter
}

// worst says whose numbers these are, which leaves the header last, and of how many.
func (m *Model) worst(whose string, of int) []piece {
	pieces := []piece{{text: whose, ink: m.styles.dim, gap: "  ", rank: 1}}
	if of > 1 {
		pieces = append(pieces, piece{text: "worst of " + format.Exactly(of), ink: m.styles.dim, gap: ", ", rank: 3})
	}
	return pieces
}

// threadsWords is how many of the threads that live used the GIL in the interval,
// of those that match, and how many of the others in the list have ended.
func (m *Model) threadsWords() string {
	running := 0
	for i := range m.threads.Len() {
		if t := m.threads.Row(i); active(t) && !t.Ended {
			running++
		}
	}
	ended, more := 0, ""
	for i := range m.shown.Threads {
		t := &m.shown.Threads[i]
		switch {
		case !t.Ended || !isShown(t, m.shown) || m.only != nil && t.PID != m.only.PID:
		case t.TID == 0: // all that ended long ago
			ended, more = ended+1, "+"
		default:
			ended++
		}
	}
	living := m.threadsOf(m.shown) - ended
	text := format.Exactly(running) + " of " + format.Exactly(living) + format.Word(living, " thread", " threads")
	if ended > 0 && living == 0 {
		return format.Exactly(ended) + more + format.Word(ended, " thread", " threads") + ", ended"
	}
	if ended > 0 {
		text += ", " + format.Exactly(ended) + more + " ended"
	}
	return text
}
