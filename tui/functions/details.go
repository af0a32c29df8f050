package functions

import (
	"cmp"
	"math"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// Details is one function, in full.
type Details struct {
	*pane.Screen
	record *record
	code   *collect.Code // nil: none is open
	from   time.Time     // since when it is counted by thread; zero: it is not
}

// Open tells whether a function is shown in full.
func (d *Details) Open() bool { return d.code != nil }

// show opens a function, and counts it by thread.
func (d *Details) show(code *collect.Code) tea.Cmd {
	d.code, d.from = code, time.Time{}
	if d.Final() {
		return nil
	}
	return d.Ask(pane.Task{
		Do: func(c collect.Controls) error { return c.Focus(code.ID) },
		Done: func() tea.Cmd {
			if d.code == code {
				d.from = d.Now()
			}
			return nil
		},
	})
}

func (d *Details) close() tea.Cmd {
	d.code, d.from = nil, time.Time{}
	if d.Final() {
		return nil
	}
	return d.Ask(pane.Task{Do: func(c collect.Controls) error { return c.Focus(0) }})
}

// view draws the function: name, numbers, chart, threads.
func (d *Details) view(width, height int) []string {
	st, code := d.Styles, d.code
	lines := []string{d.Line(width,
		[]pane.Piece{{Text: "DETAILS", Ink: st.Title}, {Text: format.Plain(code.Function), Ink: st.Bold, Gap: "  ", Flex: true}},
		[]pane.Piece{{Text: "Esc back", Ink: st.Dim}})}
	place := d.Signs.CutLeft(format.FullPlace(code.File, code.Line), width-pane.Gutter-1)
	lines = append(lines, format.Blank(pane.Gutter)+st.Dim.Paint(place), "")
	row := d.functionOf(code.ID)
	if row == nil {
		return pane.Clip(append(lines, format.Blank(pane.Gutter)+st.Dim.Paint("it is not in the last reading: its process ended")), height)
	}
	if len(d.Shown.Processes) > 1 {
		lines[1] = format.Blank(pane.Gutter) + st.Dim.Paint(d.Signs.CutLeft(pane.PidText(code.PID)+"  "+place, width-pane.Gutter-1))
	}
	values := d.record.seen().last(code.ID, points)
	lines = append(lines, d.numbers(row, values, width)...)
	lines = append(lines, d.Told(code, width, max(3, height/3))...)
	threads := d.byThread(width)
	room := height - len(lines) - len(threads) - 3
	if room >= 3 {
		lines = append(lines, "")
		lines = append(lines, chart(d.Screen, values, width, min(room, 16))...)
		lines = append(lines, "")
	}
	return pane.Clip(append(lines, threads...), height)
}

// functionOf is what is shown of one process's function; nil: nothing. It is
// not looked for among the rows: they may be of several processes together.
func (d *Details) functionOf(id uint64) *function {
	s := d.Shown
	i, ok := slices.BinarySearchFunc(s.Functions, id, func(f collect.FunctionRow, id uint64) int { return cmp.Compare(f.Code.ID, id) })
	if !ok {
		return nil
	}
	row := &s.Functions[i]
	return &function{FunctionRow: row, counted: s.Interval > 0 && countedPIDs(s).has(row.Code.PID)}
}

// numbers says what the function did, now and altogether.
func (d *Details) numbers(f *function, values []float64, width int) []string {
	st, s := d.Styles, d.Shown
	mean, most := summary(values)
	if f.counted && !(f.CallsPerS < most) { // a reading is shorter than a point
		most = f.CallsPerS
	}
	word := func(name string) pane.Piece { return pane.Piece{Text: format.Left(name, 9), Ink: st.Dim} }
	number := func(text, unit string, rank int) pane.Piece {
		return pane.Piece{Text: text, Unit: " " + unit, Ink: st.Bold, Gap: "   ", Rank: rank}
	}
	mark := certainty(d.Signs, f.Status)
	share := shareCell(d.Signs, f)
	if share != d.Signs.Unknown {
		share += " %"
	}
	calls := []pane.Piece{word("calls/s"), number(rateCell(d.Signs, f, f.CallsPerS), "now", 0),
		number(mark+d.measured(mean), "mean", 2), number(mark+d.measured(most), "most", 2), number(share, "of all calls", 1)}
	since := "since " + format.Clock(s.Since) + " (" + format.Span(s.Time.Sub(s.Since)) + ")"
	total := []pane.Piece{word("total"), number(mark+format.Count(f.Calls), "calls "+since, 0)}
	resumes := []pane.Piece{word("resumes"), {Text: d.Signs.None, Unit: " no generator or coroutine", Ink: st.Plain, Gap: "   "}}
	if f.HasResumes {
		resumes = []pane.Piece{word("resumes"), number(rateCell(d.Signs, f, f.ResumesPerS), "/s now", 0), number(mark+format.Count(f.Resumes), "in all", 0)}
	}
	var out []string
	for _, pieces := range [][]pane.Piece{calls, total, resumes} {
		pieces[0].Text = "  " + pieces[0].Text
		out = append(out, d.Line(width, pieces, nil))
	}
	return out
}

func (d *Details) measured(v float64) string {
	if math.IsNaN(v) {
		return d.Signs.Unknown
	}
	return format.Rate(v)
}
