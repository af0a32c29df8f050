// Package processes is the pane of processes: those that are watched, of which
// one can be chosen, and the list of those that can be.
package processes

import (
	"cmp"
	"slices"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// Pane is the pane of processes. It is never beside others.
type Pane struct {
	pane.Base
	*pane.Screen
	Rows   *pane.Rows[process]
	filter string
	marked map[uint64]bool // by key
}

// New makes the pane.
func New(s *pane.Screen) pane.Pane {
	p := &Pane{Screen: s, Rows: &pane.Rows[process]{Screen: s}}
	p.Rows.Ink, p.Rows.Head = p.ink, p.head
	p.Reset()
	return p
}

// Reset shows no process, in columns that are of the list or of what is watched.
func (p *Pane) Reset() {
	p.Rows.Table = processTable(p.Signs, p.Listing)
	p.filter, p.marked = "", map[uint64]bool{}
}

// There tells that there is a choice.
func (p *Pane) There() bool { return p.Listing || p.Several() }

// Alone tells that the pane is beside no other.
func (p *Pane) Alone() bool { return true }

// Wants is nothing beside others.
func (p *Pane) Wants(pane.Room) int { return 0 }

// FilterText is the filter of the processes.
func (p *Pane) FilterText() string { return p.filter }

// Matching is how many processes match.
func (p *Pane) Matching() string {
	return format.Exactly(p.Rows.Len()) + " of " + format.Exactly(p.Rows.All())
}

// Step moves the cursor while the filter is typed.
func (p *Pane) Step(n int) { p.Rows.Move(n, p.rows()) }

// rows is how many rows are drawn.
func (p *Pane) rows() int { return max(1, p.Lines(p)-2) }

// Take takes over a snapshot's processes.
func (p *Pane) Take(s *collect.Snapshot) {
	rows := make([]process, len(s.Processes))
	present, bounded := map[uint64]bool{}, pane.LowerBounds(s)
	for i := range s.Processes {
		one := &s.Processes[i]
		row := process{ProcessRow: one, key: processKey(one.Process), age: -1}
		if !one.Process.Start.IsZero() {
			row.age = max(0, s.Time.Sub(one.Process.Start).Seconds())
		}
		row.marked, row.bounded = p.marked[row.key], bounded[one.Process.PID]
		present[row.key] = true
		rows[i] = row
	}
	for k := range p.marked {
		if p.Listing && !present[k] {
			delete(p.marked, k)
		}
	}
	slices.SortFunc(rows, func(a, b process) int { return cmp.Compare(a.key, b.key) })
	p.Rows.Set(rows)
}

// SetFilter shows the processes of which a part of a word matches.
func (p *Pane) SetFilter(text string) {
	p.filter = text
	part, invert := pane.Wanted(text)
	if part == "" {
		p.Rows.Filter(nil)
		return
	}
	has := pane.Contains(part)
	p.Rows.Filter(func(row *process) bool {
		one := row.Process
		found := has(one.Command) || has(one.User) || has(one.Container) || has(one.Python) || has(one.Build) || has(format.Whole(one.PID))
		return found != invert
	})
}
