package functions

import (
	"pytop/tui/format"
	"pytop/tui/pane"
	"pytop/tui/table"
)

// Plain is the functions as text: the states, then the first rows.
func (p *Pane) Plain(width, top int) []string {
	var lines []string
	for _, n := range p.states() {
		lines = append(lines, n.Text)
	}
	if p.filter != "" {
		lines = append(lines, "filter "+p.Signs.Quote(format.Plain(p.filter))+": "+format.Exactly(p.Rows.Len())+" of "+format.Exactly(p.Rows.All())+" functions match")
	}
	rows := p.Rows.Len()
	if top > 0 {
		rows = min(rows, top)
	}
	columns := p.Rows.Placed(width)
	if width >= pane.Unlimited {
		columns = p.Rows.Placed(120)
		p.stretch(columns, rows)
	}
	lines = append(lines, "", p.Rows.Titles(columns))
	for i := range rows {
		lines = append(lines, p.Rows.Plain(i, columns))
	}
	return lines
}

// mostStretch bounds what a single name makes of all rows.
const mostStretch = 250

// stretch makes columns of text as wide as their longest cell.
func (p *Pane) stretch(columns []table.Placed[function], rows int) {
	for j := range columns {
		c := &columns[j]
		if c.Grow == 0 {
			continue
		}
		c.Width = format.Width(c.Title) + 2
		for i := range rows {
			c.Width = max(c.Width, format.Width(c.Cell(p.Rows.Row(i), mostStretch)))
		}
	}
}
