package gil

import (
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// The first columns of the threads' table.
const (
	columnPID = iota
	columnTID
)

// tidLeaves is when the TIDs leave, where names tell threads apart.
const tidLeaves = 6

// threads are the rows of the pane.
type threads struct {
	*facts
	filter string
	free   bool // the columns are those of threads without a GIL
}

func newThreads(f *facts) *threads {
	t := &threads{facts: f}
	f.Threads = &pane.Rows[collect.ThreadRow]{Table: threadTable(t.cells()), Screen: f.Screen, Ink: t.ink}
	return t
}

func (t *threads) cells() threadCells {
	return threadCells{t.Signs, t.isEstimated, t.isBounded, t.part}
}

// showColumns gives the table of threads its columns, and shows whose the threads
// are when they may be several processes'. Threads that cannot be told apart by
// their names keep their TIDs.
func (t *threads) showColumns() {
	t.chooseColumns()
	s := t.Shown
	t.Threads.Columns[columnPID].Hide = s == nil || len(s.Processes) <= 1 || t.Only != nil
	t.Threads.Columns[columnTID].Leave = tidLeaves
	if t.sameNames {
		t.Threads.Columns[columnTID].Leave = 0
	}
}

// chooseColumns gives the table of threads the columns that apply.
func (t *threads) chooseColumns() {
	free := t.facts.free()
	if free == t.free {
		return
	}
	t.free = free
	if free {
		t.Threads.Columns = freeColumns(t.cells())
		t.Threads.Sort("wait_share", true)
		return
	}
	t.Threads.Columns = threadTable(t.cells()).Columns
	t.Threads.Sort("hold_share", true)
}

// view draws so many threads, under their columns' titles; without the cursor
// if it is elsewhere.
func (t *threads) view(width, rows int, elsewhere bool) []string {
	columns := t.Threads.Placed(width)
	lines := []string{t.Threads.Titles(columns)}
	if t.Threads.Len() == 0 && t.threadsOf(t.Shown) > 0 {
		text := "no thread matches " + t.Signs.Quote(format.Plain(t.filter)) + t.Signs.Dot + "Esc clears the filter"
		lines = append(lines, format.Blank(pane.Gutter)+t.Styles.Amber.Paint(t.Signs.CutRight(text, width-pane.Gutter-1)))
	}
	return append(lines, t.Threads.View(columns, width, rows, elsewhere)...)
}

// ink is dim for threads that did nothing, amber for what is not exact.
func (t *threads) ink(row *collect.ThreadRow, _, text string, _ bool) pane.Ink {
	switch {
	case strings.HasPrefix(text, t.Signs.Estimate) || strings.HasPrefix(text, t.Signs.AtLeast):
		return t.Styles.Amber
	case !pane.ThreadActive(row):
		return t.Styles.Dim
	}
	return t.Styles.Plain
}

// words is how many of the threads that live used the GIL in the interval,
// of those that match, and how many of the others in the list have ended.
func (t *threads) words() string {
	running := 0
	for i := range t.Threads.Len() {
		if one := t.Threads.Row(i); pane.ThreadActive(one) && !one.Ended {
			running++
		}
	}
	ended, more := 0, ""
	for i := range t.Shown.Threads {
		one := &t.Shown.Threads[i]
		switch {
		case !one.Ended || !pane.ThreadShown(one, t.Shown) || t.Only != nil && one.PID != t.Only.PID:
		case one.TID == 0: // all that ended long ago
			ended, more = ended+1, "+"
		default:
			ended++
		}
	}
	living := t.threadsOf(t.Shown) - ended
	text := format.Exactly(running) + " of " + format.Exactly(living) + format.Word(living, " thread", " threads")
	if ended > 0 && living == 0 {
		return format.Exactly(ended) + more + format.Word(ended, " thread", " threads") + ", ended"
	}
	if ended > 0 {
		text += ", " + format.Exactly(ended) + more + " ended"
	}
	return text
}

// setFilter shows the threads whose name or running function matches, of
// the process that was chosen.
func (t *threads) setFilter(text string) {
	t.filter = text
	t.showColumns()
	match, only := filterThread(text), t.Only
	if only == nil {
		t.Threads.Filter(match)
		return
	}
	t.Threads.Filter(func(t *collect.ThreadRow) bool { return t.PID == only.PID && (match == nil || match(t)) })
}

// filterThread is filter for threads: a part of the name, or of what it runs.
func filterThread(text string) func(t *collect.ThreadRow) bool {
	part, invert := pane.Wanted(text)
	if part == "" {
		return nil
	}
	has := pane.Contains(part)
	return func(t *collect.ThreadRow) bool {
		return (has(t.Name) || has(t.Place.Function)) != invert
	}
}
