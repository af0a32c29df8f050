package functions

import (
	"pytop/tui/format"
	"pytop/tui/pane"
)

// View draws the functions: title, columns, notices, rows.
func (p *Pane) View(width, height int) []string {
	if p.Details.Open() {
		return p.Details.view(width, height)
	}
	lines := []string{p.title(width)}
	columns := p.Rows.Placed(width)
	lines = append(lines, p.Rows.Titles(columns))
	for _, n := range p.notices(width - pane.Gutter - 1) {
		lines = append(lines, format.Blank(pane.Gutter)+n.Ink.Paint(n.Text))
	}
	if p.Shown == nil || p.Shown.Interval == 0 && !p.Shown.Final {
		return pane.Clip(lines, height)
	}
	if p.Rows.Len() == 0 && p.Rows.All() > 0 && p.Only != nil && p.filter == "" {
		text := "no function of process " + format.Whole(p.Only.PID) + " was called" + p.Signs.Dot + "Esc shows all processes"
		lines = append(lines, format.Blank(pane.Gutter)+p.Styles.Amber.Paint(p.Signs.CutRight(text, width-pane.Gutter-1)))
		return pane.Clip(lines, height)
	}
	if p.Rows.Len() == 0 && p.Rows.All() > 0 {
		text := "no function matches " + p.Signs.Quote(format.Plain(p.filter)) + p.Signs.Dot + "Esc clears the filter"
		lines = append(lines, format.Blank(pane.Gutter)+p.Styles.Amber.Paint(p.Signs.CutRight(text, width-pane.Gutter-1)))
		return pane.Clip(lines, height)
	}
	lines = append(lines, p.Rows.View(columns, width, height-len(lines), false)...)
	return pane.Clip(lines, height)
}

// headLines is how many lines of the functions pane are above its rows.
func (p *Pane) headLines() int { return 2 + len(p.notices(p.Width-pane.Gutter-1)) }

func (p *Pane) title(width int) string {
	st := p.Styles
	count := ""
	if s := p.Shown; s != nil && (s.Interval > 0 || s.Final) {
		count = format.Exactly(p.Rows.All())
		if p.filter != "" || p.Only != nil {
			count = format.Exactly(p.Rows.Len()) + " of " + count
		}
		if first := p.Rows.Offset(p.rows()); first > 0 {
			last := min(first+p.rows(), p.Rows.Len())
			count += ", from " + format.Exactly(first+1) + " to " + format.Exactly(last)
		}
	}
	left := []pane.Piece{{Text: "FUNCTIONS", Ink: p.TitleInk(p)}, {Text: count, Ink: st.Plain, Gap: "  "}}
	var right []pane.Piece
	if p.Only != nil {
		right = append(right, pane.Piece{Text: pane.PidText(p.Only.PID) + " only", Ink: st.Accent, Gap: "   "})
	}
	if p.together && p.Only == nil {
		right = append(right, pane.Piece{Text: "all processes together", Ink: st.Accent, Gap: "   ", Rank: 2})
	}
	if p.filter != "" {
		right = append(right, pane.Piece{Text: "filter: " + format.Plain(p.filter), Ink: st.Accent, Flex: true, Gap: "   "})
	}
	if s := p.Shown; s != nil && s.Interval > 0 {
		since := "totals since " + format.Clock(s.Since)
		if width >= pane.Wide {
			since += " (" + format.Span(s.Time.Sub(s.Since)) + ")"
		}
		right = append(right, pane.Piece{Text: since, Ink: st.Dim, Rank: 1, Gap: "   "})
	}
	return p.Line(width, left, right)
}
