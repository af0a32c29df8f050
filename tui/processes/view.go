package processes

import (
	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// View draws the processes: title, columns, rows.
func (p *Pane) View(width, height int) []string {
	st := p.Styles
	count := ""
	if p.Shown != nil {
		count = format.Exactly(p.Rows.All())
		if p.filter != "" {
			count = format.Exactly(p.Rows.Len()) + " of " + count
		}
		if n := len(p.Shown.Past); n > 0 {
			count += ", " + format.Exactly(n) + " ended before"
		}
	}
	var right []pane.Piece
	if p.filter != "" {
		right = append(right, pane.Piece{Text: "filter: " + format.Plain(p.filter), Ink: st.Accent, Flex: true, Gap: "   "})
	}
	lines := []string{p.Line(width, []pane.Piece{{Text: "PROCESSES", Ink: p.TitleInk(p)}, {Text: count, Ink: st.Plain, Gap: "  "}}, right)}
	columns := p.Rows.Placed(width)
	lines = append(lines, p.Rows.Titles(columns))
	say := func(text string) []string {
		return pane.Clip(append(lines, format.Blank(pane.Gutter)+st.Amber.Paint(p.Signs.CutRight(text, width-pane.Gutter-1))), height)
	}
	switch {
	case p.Shown == nil:
		return pane.Clip(lines, height)
	case p.Rows.All() == 0:
		return say("no CPython runs here that pytop can see" + p.Signs.Dot + "pytop demo starts one")
	case p.Rows.Len() == 0:
		return say("no process matches " + p.Signs.Quote(format.Plain(p.filter)) + p.Signs.Dot + "Esc clears the filter")
	}
	lines = append(lines, p.Rows.View(columns, width, max(0, height-len(lines)), false)...)
	return pane.Clip(lines, height)
}

// head stands before a row: whether it is marked, too.
func (p *Pane) head(row *process, cursor bool) string {
	head := "  "
	if cursor {
		head = " " + p.Signs.Cursor
	}
	if row.marked {
		return p.Styles.Accent.PaintOn(cursor, head+"*")
	}
	return p.Styles.Accent.PaintOn(cursor, head+" ")
}

// ink is dim for what is at rest or matters less, amber for what is
// not counted as it should be.
func (p *Pane) ink(row *process, field, _ string, _ bool) pane.Ink {
	st := p.Styles
	switch {
	case row.marked:
		return st.Accent
	case row.State == collect.Ended:
		return st.Dim
	case field == "calls_status" && row.Reason != "", field == "tax_share" && row.TaxKnown && row.TaxShare > pane.TaxAlert:
		return st.Amber
	case field == "gil_held_share" && row.GILHeldKnown && (row.GILEstimated || row.bounded):
		return st.Amber
	case field == "command" || field == "pid" || field == "python":
		return st.Plain
	case field == "cpu_share" && row.CPUShareKnown && row.CPUShare > 0, field == "calls_per_s" && row.CallsPerS > 0:
		return st.Plain
	}
	return st.Dim
}
