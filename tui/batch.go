package tui

import (
	"bufio"
	"io"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/table"
)

// TableOptions is what Table prints.
type TableOptions struct {
	Top    int    // rows; 0: all
	Sort   string // a field of the JSON; empty: calls_per_s, and calls when there are no rates
	Rising bool   // smallest first
	Filter string
	ASCII  bool
	Width  int // of the terminal; 0: as wide as it needs to be; only names above 250 cells are cut
}

// Table prints a snapshot as the screen shows it, plain: what is watched,
// how much it calls, what watching costs, and the first functions. Its
// errors are those of w.
func Table(w io.Writer, s *collect.Snapshot, o TableOptions) error {
	m := New(Options{ASCII: o.ASCII, Sort: o.Sort, Filter: o.Filter})
	m.styles = new(styles) // no ink at all
	m.printed = true
	m.functions = functionTable(m.signs, nil)
	m.functions.Filter(filter(o.Filter))
	field := sortField(o.Sort)
	if field == "" || !m.sortBy(field) {
		field = defaultSort
		if s.Interval == 0 || s.Final {
			field = "calls"
		}
		m.sortBy(field)
	}
	if o.Rising {
		m.functions.Sort(field, false)
	}
	m.show(s)
	out := bufio.NewWriter(w)
	for _, line := range m.tableLines(o) {
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return out.Flush()
}

func (m *Model) tableLines(o TableOptions) []string {
	s, width := m.shown, o.Width
	rows := m.functions.Len()
	if o.Top > 0 {
		rows = min(rows, o.Top)
	}
	if width == 0 {
		width = unlimited
	}
	lines := m.plainHeader(s, width)
	for _, a := range m.alerts() {
		lines = append(lines, "! "+a.text)
	}
	for _, n := range m.states() {
		lines = append(lines, n.text)
	}
	if o.Filter != "" {
		lines = append(lines, "filter "+m.signs.Quote(format.Plain(o.Filter))+": "+format.Exactly(m.functions.Len())+" of "+format.Exactly(m.functions.All())+" functions match")
	}
	lines = append(lines, "")
	columns := m.functions.Layout(min(width, 120)-gutter-1, gap2)
	if o.Width == 0 {
		m.stretch(columns, rows)
	} else {
		columns = m.functions.Layout(width-gutter-1, gap2)
	}
	lines = append(lines, m.columnTitles(columns))
	for i := range rows {
		f := m.functions.Row(i)
		var b strings.Builder
		b.WriteString(format.Blank(gutter))
		for j, c := range columns {
			if j > 0 {
				b.WriteString(format.Blank(gap2))
			}
			text := c.Cell(f, c.Width)
			if c.Right {
				text = format.Right(text, c.Width)
			} else {
				text = format.Left(text, c.Width)
			}
			b.WriteString(text)
		}
		lines = append(lines, b.String())
	}
	return append(lines, m.gilPlain(s, width, o.Top)...)
}

// unlimited is the width of what is not a terminal.
const unlimited = 4096

// mostStretch bounds what a single name makes of all rows.
const mostStretch = 250

// stretch makes columns of text as wide as their longest cell.
func (m *Model) stretch(columns []table.Placed[function], rows int) {
	for j := range columns {
		c := &columns[j]
		if c.Grow == 0 {
			continue
		}
		c.Width = format.Width(c.Title) + 2
		for i := range rows {
			c.Width = max(c.Width, format.Width(c.Cell(m.functions.Row(i), mostStretch)))
		}
	}
}

// plainHeader is the header as text: a line per process, then the sums.
func (m *Model) plainHeader(s *collect.Snapshot, width int) []string {
	dot := m.signs.Dot
	lines := []string{"pytop" + dot + format.Clock(s.Time) + dot + format.Plain(s.Host) + dot + "totals since " + format.Clock(s.Since) + dot + format.Exactly(m.functions.All()) + " functions"}
	for _, p := range s.Processes {
		text := "pid " + format.Whole(p.Process.PID) + dot + strings.TrimSpace(python(p.Process)+" "+format.Plain(p.Process.Build)) + dot + shortCommand(p.Process.Command)
		lines = append(lines, text)
	}
	status, _ := m.truth(s) // the rest has lines of its own
	rates := m.signs.Unknown + " calls/s"
	if s.Interval > 0 && counting(s) {
		rates = m.totalsMark(s) + format.Rate(s.Totals.CallsPerS) + " calls/s + " + format.Rate(s.Totals.ResumesPerS) + " resumes/s"
	}
	text := rates + dot + status
	for _, p := range m.cost(s, wide) {
		text += dot + p.text
	}
	lines = append(lines, text)
	if width < unlimited {
		for i, l := range lines {
			lines[i] = m.signs.CutRight(l, width)
		}
	}
	return lines
}
