package tui

import (
	"slices"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/table"
)

// process is a row of the processes pane.
type process struct {
	*collect.ProcessRow
	key    uint64
	age    float64 // seconds
	marked bool
}

// processView is what the screen keeps of processes.
type processView struct {
	processes *table.Table[process]
	chosen    string          // the processes pane's filter
	marked    map[uint64]bool // by key
	listing   bool            // Options.List is shown: nothing is watched
	opening   int             // processes that are being attached to
	only      *collect.Process
	together  bool // functions of all processes in one row
}

// rowsOf is what the keys do with a table, whatever its rows are.
type rowsOf interface {
	Len() int
	All() int
	Cursor() (int, bool)
	Place(i int)
	Release()
	Move(n, height int)
	Reveal(height int)
	Scroll(n, height int)
	Offset(height int) int
	Sort(field string, falling bool) bool
	First(field string) bool
	SortedBy() (string, bool)
	Fields(width, gap int) []string
}

func (m *Model) newProcessView() {
	m.marked = map[uint64]bool{}
	if m.o.List != nil && m.source == nil && m.o.Open == nil {
		m.source, m.listing, m.pane = m.o.List, true, paneProcesses
	}
	m.processes = processTable(m.signs, m.listing)
}

// table is that of the active pane; nil when it has none.
func (m *Model) table() rowsOf {
	switch m.pane {
	case paneFunctions:
		return m.functions
	case paneProcesses:
		return m.processes
	}
	return nil
}

// processKey orders by PID, and tells a process from a later one with its PID.
func processKey(p *collect.Process) uint64 {
	return uint64(p.PID)<<32 | uint64(uint32(p.Start.UnixMilli()/10))
}

// several tells whether there is, or was, more than one process; R does not
// change that.
func (m *Model) several() bool {
	return m.shown != nil && (len(m.shown.Processes) != 1 || len(m.shown.Past) > 0 || m.base != nil && len(m.base.Past) > 0)
}

// setProcesses takes over a snapshot's processes.
func (m *Model) setProcesses(s *collect.Snapshot) {
	rows := make([]process, len(s.Processes))
	present := map[uint64]bool{}
	for i := range s.Processes {
		p := &s.Processes[i]
		row := process{ProcessRow: p, key: processKey(p.Process), age: -1}
		if !p.Process.Start.IsZero() {
			row.age = max(0, s.Time.Sub(p.Process.Start).Seconds())
		}
		row.marked = m.marked[row.key]
		present[row.key] = true
		rows[i] = row
	}
	for k := range m.marked {
		if m.listing && !present[k] {
			delete(m.marked, k)
		}
	}
	slices.SortFunc(rows, func(a, b process) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	m.processes.Set(rows)
}

// filterText is the filter of the active pane.
func (m *Model) filterText() string {
	if m.pane == paneProcesses {
		return m.chosen
	}
	return m.filter
}

// matching counts the rows of the active pane that match.
func (m *Model) matching() string {
	t := m.table()
	if t == nil {
		t = m.functions
	}
	return format.Exactly(t.Len()) + " of " + format.Exactly(t.All())
}

// applyFilter shows the functions that match, of the process that was chosen.
func (m *Model) applyFilter() {
	m.filterThreads(m.threadFilter)
	match, only := filter(m.filter), m.only
	if only == nil {
		m.functions.Filter(match)
		return
	}
	m.functions.Filter(func(f *function) bool {
		return f.Code.PID == only.PID && (f.Code.Start.IsZero() || f.Code.Start.Equal(only.Start)) && (match == nil || match(f))
	})
}

// showOnly shows the functions and threads of one process; nil: of all. Those of
// one are never put together with others.
func (m *Model) showOnly(p *collect.Process) {
	m.only = p
	if m.together {
		m.show(m.shown)
	}
	m.applyFilter()
}

// filterProcesses shows the processes of which a part of a word matches.
func (m *Model) filterProcesses(text string) {
	m.chosen = text
	part, invert := strings.CutPrefix(strings.TrimSpace(text), "!")
	part = strings.ToLower(strings.TrimSpace(part))
	if part == "" {
		m.processes.Filter(nil)
		return
	}
	has := contains(part)
	m.processes.Filter(func(p *process) bool {
		found := has(p.Process.Command) || has(p.Process.User) || has(p.Process.Container) || has(p.Process.Python) || has(p.Process.Build) || has(format.Whole(p.Process.PID))
		return found != invert
	})
}
