// Package functions is the pane of functions: how often each is called. It has
// the details of one of them, and the chart of all.
package functions

import (
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/pane"
)

// Pane is the pane of functions, the first of the screen.
type Pane struct {
	pane.Base
	*state
	Rows    *pane.Rows[function]
	Details *Details
	record  *record

	filter   string
	given    bool             // pytop was started with an order
	sorted   bool             // the user chose a column
	together bool             // functions of all processes in one row
	only     *collect.Process // as Only was with the last snapshot
	letGoAt  time.Time        // since when no call is counted, by pytop itself; zero: some are
}

// New makes the pane.
func New(s *pane.Screen) pane.Pane {
	p := &Pane{state: &state{s}, record: new(record), filter: s.Filter}
	p.Details = &Details{Screen: s, record: p.record}
	trend := p.record.trend
	if s.Printed {
		trend = nil
	}
	p.Rows = &pane.Rows[function]{Table: functionTable(s.Signs, trend), Screen: s}
	look := &look{s, p.Rows}
	p.Rows.Ink, p.Rows.Write = look.ink, look.write
	p.Rows.Sorted = func() { p.sorted = p.sorted || s.Active == p }
	field := sortField(s.Sort)
	p.sorted = field != "" && field != defaultSort
	if p.given = p.Rows.First(field); !p.given {
		p.Rows.First(defaultSort)
	}
	p.turn()
	p.applyFilter()
	return p
}

// turn shows the smallest first, if that was wanted.
func (p *Pane) turn() {
	if by, _ := p.Rows.SortedBy(); p.Rising {
		p.Rows.Sort(by, false)
	}
}

// There tells that the pane can be gone to where something is watched.
func (p *Pane) There() bool { return !p.Listing }

// Take shows a snapshot's functions. The last one is of the whole run: it is
// sorted by totals, unless the user chose otherwise; so is a printed one without
// rates.
func (p *Pane) Take(s *collect.Snapshot) {
	switch letGo := p.letGo() != nil; {
	case letGo && p.letGoAt.IsZero():
		p.letGoAt = s.Time
	case !letGo && p.Braked.IsZero():
		p.letGoAt = time.Time{}
	}
	if p.Printed && !p.given && (s.Interval == 0 || s.Final) {
		p.Rows.First("calls")
		p.turn()
	}
	if s.Final && !p.sorted {
		p.Rows.First("calls")
	}
	for i := range p.Rows.Columns {
		switch c := &p.Rows.Columns[i]; c.Field {
		case "pid":
			c.Hide = !p.Several()
		case causedField:
			c.Hide = p.Printed || !causedKnown(s)
		}
	}
	if p.only != p.Only {
		p.only = p.Only
		p.applyFilter()
	}
	bounded := pane.LowerBounds(s)
	rows := p.record.history.rows(s)
	for i := range rows {
		rows[i].bounded = bounded[rows[i].Code.PID]
	}
	p.Rows.Set(p.grouped(rows))
}

// Reset forgets the functions and their history. The order is put back, as the
// last table of a run is by totals.
func (p *Pane) Reset() {
	p.Rows.Set(nil)
	p.Rows.Release()
	*p.record = record{}
	p.Details.code, p.Details.from = nil, time.Time{}
	p.only, p.letGoAt = nil, time.Time{}
	if !p.sorted {
		p.Rows.First(defaultSort)
	}
	p.applyFilter()
}

// Record keeps how often functions are called.
func (p *Pane) Record(s *collect.Snapshot) { p.record.add(s) }

// Pause lets the histories stand still, or go on.
func (p *Pane) Pause(on bool) { p.record.pause(on) }

// Alone tells whether a function is shown in full.
func (p *Pane) Alone() bool { return p.Details.Open() }

// Wants is nothing: the pane has what the others leave.
func (p *Pane) Wants(pane.Room) int { return 0 }

// Needs is few when there are few functions.
func (p *Pane) Needs() (least, use, most int) {
	head := p.headLines()
	most = head + p.Top
	if p.Shown == nil || p.Shown.Interval == 0 {
		return head + 3, most, most
	}
	return head + 3, head + min(p.Top, max(4, p.Rows.All())), most
}

// rows is how many rows are drawn.
func (p *Pane) rows() int { return max(1, p.Lines(p)-p.headLines()) }

// Order is how the functions are ordered and filtered.
func (p *Pane) Order() (field string, falling bool, filter string) {
	field, falling = p.Rows.SortedBy()
	return field, falling, p.filter
}

// Press moves and sorts.
func (p *Pane) Press(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.Details.Open() {
		if key.Matches(msg, pane.Keys.Escape, pane.Keys.Enter) {
			return p.Details.close(), true
		}
		return nil, true
	}
	return nil, p.Rows.Press(msg, p.Width, p.rows())
}

// PressAnywhere filters, sorts, groups, opens and closes, also where another
// pane is active that leaves these keys.
func (p *Pane) PressAnywhere(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(msg, pane.Keys.Enter):
		if p.letGo() != nil {
			return p.Force(p.letGoAt), true
		}
		return p.open(), true
	case key.Matches(msg, pane.Keys.Escape) && p.filter != "" && !p.Listing:
		p.SetFilter("")
	case key.Matches(msg, pane.Keys.Filter):
		p.Activate(p)
		p.AskFilter(p)
	case key.Matches(msg, keyGroup):
		return p.group(), true
	default:
		return nil, p.Rows.PressSort(msg, p.Width)
	}
	return nil, true
}

// open shows the function under the cursor in full, or the first in view.
func (p *Pane) open() tea.Cmd {
	i, ok := p.Rows.Cursor()
	if !ok {
		i = p.Rows.Offset(p.rows())
	}
	if p.Active != p || i >= p.Rows.Len() {
		return nil
	}
	f := p.Rows.Row(i)
	if f.group > 1 {
		what := "a function of several processes"
		if f.processes == 1 {
			what = "several functions of that name"
		}
		return p.Say(what + p.Signs.Dot + "P parts them, then Enter shows one")
	}
	return p.Details.show(f.Code)
}

// Click sorts, moves the cursor, and opens a function.
func (p *Pane) Click(x, line, _ int) tea.Cmd {
	if p.Details.Open() {
		return nil
	}
	p.Activate(p)
	if p.Rows.Click(x, line, p.headLines(), p.Width, p.rows()) {
		return p.open()
	}
	return nil
}

// Wheel scrolls the rows.
func (p *Pane) Wheel(n int) {
	if !p.Details.Open() {
		p.Rows.Scroll(n, p.rows())
	}
}

// Bar is the keys of the details.
func (p *Pane) Bar() []pane.Short {
	if !p.Details.Open() {
		return nil
	}
	k := pane.InBar
	return []pane.Short{k("Esc", "back", 0), k(p.Signs.Space, "pause", 3), k("e", "export", 4), k("x", "brake", 2), k("?", "help", 0), k("q", "quit", 0)}
}
