package functions

import (
	"strings"

	"pytop/tui/format"
	"pytop/tui/pane"
)

// match makes the match of a filter's text: a part of the function's or the
// file's name, whatever its case, or of file:line; "!" first inverts. Nil
// matches everything.
func match(text string) func(f *function) bool {
	part, invert := pane.Wanted(text)
	if part == "" {
		return nil
	}
	has := pane.Contains(part)
	colon := strings.Contains(part, ":")
	return func(f *function) bool {
		found := has(f.Code.Function) || has(f.Code.File) || colon && has(fileLine(f))
		return found != invert
	}
}

func fileLine(f *function) string { return f.Code.File + ":" + format.Whole(f.Code.Line) }

// FilterText is the filter of the functions.
func (p *Pane) FilterText() string { return p.filter }

// SetFilter shows the functions that match.
func (p *Pane) SetFilter(text string) {
	if p.filter != text {
		p.filter = text
		p.applyFilter()
	}
}

// Matching is how many functions match.
func (p *Pane) Matching() string {
	return format.Exactly(p.Rows.Len()) + " of " + format.Exactly(p.Rows.All())
}

// Step moves the cursor while the filter is typed.
func (p *Pane) Step(n int) { p.Rows.Move(n, p.rows()) }

// applyFilter shows the functions that match, of the process that was chosen.
func (p *Pane) applyFilter() {
	match, only := match(p.filter), p.Only
	if only == nil {
		p.Rows.Filter(match)
		return
	}
	p.Rows.Filter(func(f *function) bool {
		return f.Code.PID == only.PID && (f.Code.Start.IsZero() || f.Code.Start.Equal(only.Start)) && (match == nil || match(f))
	})
}
