// Package ctxswitches is the pane of context switches: how often each thread
// leaves its CPU. It is the worked example of docs/adding-a-probe.md.
package ctxswitches

import (
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
	"pytop/tui/table"
)

// mostRows is how many threads the pane would like to show beside others, and
// head how many lines stand above them.
const (
	mostRows = 8
	head     = 2
)

// Pane is the threads, those that leave their CPU most first.
type Pane struct {
	pane.Base
	*pane.Screen
	rows *pane.Rows[collect.ThreadSwitchesRow]
}

// New makes the pane.
func New(s *pane.Screen) pane.Pane {
	p := &Pane{Screen: s}
	t := &table.Table[collect.ThreadSwitchesRow]{
		Columns: p.columns(),
		Key:     func(t *collect.ThreadSwitchesRow) uint64 { return uint64(t.PID)<<32 | uint64(uint32(t.TID)) },
	}
	t.Sort("voluntary_per_s", true)
	p.rows = &pane.Rows[collect.ThreadSwitchesRow]{Table: t, Screen: s, Ink: p.ink}
	return p
}

func (p *Pane) columns() []table.Column[collect.ThreadSwitchesRow] {
	type row = collect.ThreadSwitchesRow
	rate := func(title, field string, value func(*row) float64) table.Column[row] {
		return table.Column[row]{
			Title: title, Field: field, Width: 14, Right: true, Falling: true, Value: value,
			Cell: func(r *row, _ int) string {
				if !r.Counting {
					return p.Signs.Unknown
				}
				return format.Rate(value(r))
			},
		}
	}
	id := func(title, field string, value func(*row) int) table.Column[row] {
		return table.Column[row]{
			Title: title, Field: field, Width: 7, Right: true, Value: func(r *row) float64 { return float64(value(r)) },
			Cell: func(r *row, _ int) string { return format.Whole(value(r)) },
		}
	}
	return []table.Column[row]{
		rate("voluntary/s", "voluntary_per_s", func(r *row) float64 { return r.VoluntaryPerS }),
		rate("involuntary/s", "involuntary_per_s", func(r *row) float64 { return r.InvoluntaryPerS }),
		id("pid", "pid", func(r *row) int { return r.PID }),
		id("tid", "tid", func(r *row) int { return r.TID }),
		{
			Title: "thread", Field: "name", Width: 10, Grow: 1, Most: 40, Text: func(r *row) string { return r.Name },
			Cell: func(r *row, width int) string { return p.Signs.CutRight(format.Plain(r.Name), width) },
		},
	}
}

func (p *Pane) ink(r *collect.ThreadSwitchesRow, _, _ string, _ bool) pane.Ink {
	if !r.Counting || r.VoluntaryPerS+r.InvoluntaryPerS == 0 {
		return p.Styles.Dim
	}
	return p.Styles.Plain
}

// Take shows a snapshot's threads, in ascending PID and TID as readings have them.
func (p *Pane) Take(s *collect.Snapshot) {
	rows := s.CtxSwitches
	if p.Only != nil {
		rows = nil
		for _, t := range s.CtxSwitches {
			if t.PID == p.Only.PID {
				rows = append(rows, t)
			}
		}
	}
	p.rows.Set(rows)
}

// Reset forgets the threads.
func (p *Pane) Reset() { p.rows.Set(nil) }

// There tells that context switches are measured.
func (p *Pane) There() bool { return p.Shown != nil && p.Shown.CtxSwitches != nil && !p.Listing }

// Wants is a few threads, where the first pane has no use for the lines.
func (p *Pane) Wants(r pane.Room) int {
	most := head + min(p.rows.Len(), mostRows)
	switch {
	case !p.There():
		return 0
	case p.Active == p:
		return max(most, r.Spare)
	case r.Unused < most:
		return 0
	}
	return most
}

// View draws the title, the columns' titles and the threads.
func (p *Pane) View(width, height int) []string {
	columns := p.rows.Placed(width)
	title := p.Line(width, []pane.Piece{{Text: "CONTEXT SWITCHES", Ink: p.TitleInk(p)}, {Text: format.Exactly(p.rows.Len()) + " threads", Ink: p.Styles.Dim, Gap: "  "}}, nil)
	lines := append([]string{title, p.rows.Titles(columns)}, p.rows.View(columns, width, height-head, p.Active != p)...)
	return pane.Clip(lines, height)
}

// Press moves and sorts.
func (p *Pane) Press(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	return nil, p.rows.Press(msg, p.Width, p.height())
}

// Click makes the pane the active one, sorts, or moves the cursor.
func (p *Pane) Click(x, line, height int) tea.Cmd {
	p.Activate(p)
	p.rows.Click(x, line, head, p.Width, height-head)
	return nil
}

// Wheel scrolls.
func (p *Pane) Wheel(n int) { p.rows.Scroll(n, p.height()) }

// height is how many rows are in view.
func (p *Pane) height() int { return max(1, p.Lines(p)-head) }

// Help is what the pane shows.
func (p *Pane) Help() (keys, numbers []pane.Entry) {
	return nil, []pane.Entry{
		{Rank: 215, Word: "voluntary/s", Meaning: "how often a thread left its CPU because it blocked or yielded. involuntary/s: because the kernel preempted it. Read from /proc (--probes ctxswitches)."},
	}
}

// Plain is the threads as text.
func (p *Pane) Plain(width, top int) []string {
	if !p.There() {
		return nil
	}
	columns := p.rows.Placed(width)
	lines := []string{"", p.rows.Titles(columns)}
	for i := range p.rows.Len() {
		if top > 0 && i == top {
			break
		}
		lines = append(lines, p.rows.Plain(i, columns))
	}
	return lines
}
