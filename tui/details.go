package tui

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
)

// details is one function, in full.
type details struct {
	open bool
	code *collect.Code
	from time.Time // since when it is counted by thread; zero: it is not
}

// openDetails shows the function under the cursor, or the first in view.
func (m *Model) openDetails() tea.Cmd {
	i, ok := m.functions.Cursor()
	if !ok {
		i = m.functions.Offset(m.rowsInView())
	}
	if m.pane != paneFunctions || i >= m.functions.Len() {
		return nil
	}
	if f := m.functions.Row(i); f.group > 1 {
		what := "a function of several processes"
		if f.processes == 1 {
			what = "several functions of that name"
		}
		return m.say(what + m.signs.Dot + "P parts them, then Enter shows one")
	}
	code := m.functions.Row(i).Code
	m.details = details{open: true, code: code}
	if m.final() {
		return nil
	}
	return m.ask(task{
		do: func(c collect.Controls) error { return c.Focus(code.ID) },
		done: func(m *Model) tea.Cmd {
			if m.details.code == code {
				m.details.from = m.now()
			}
			return nil
		},
	})
}

func (m *Model) closeDetails() tea.Cmd {
	m.details = details{}
	if m.final() {
		return nil
	}
	return m.ask(task{do: func(c collect.Controls) error { return c.Focus(0) }})
}

func (m *Model) pressDetails(msg tea.KeyPressMsg) tea.Cmd {
	if key.Matches(msg, keys.Escape) || key.Matches(msg, keys.Enter) {
		return m.closeDetails()
	}
	return nil
}

// detailsView draws the function: name, numbers, chart, threads.
func (m *Model) detailsView(width, height int) []string {
	st, code := m.styles, m.details.code
	lines := []string{m.line(width,
		[]piece{{text: "DETAILS", ink: st.title}, {text: format.Plain(code.Function), ink: st.bold, gap: "  ", flex: true}},
		[]piece{{text: "Esc back", ink: st.dim}})}
	place := m.signs.CutLeft(format.FullPlace(code.File, code.Line), width-gutter-1)
	lines = append(lines, format.Blank(gutter)+st.dim.paint(place), "")
	row := m.functionOf(code.ID)
	if row == nil {
		return clip(append(lines, format.Blank(gutter)+st.dim.paint("it is not in the last reading: its process ended")), height)
	}
	if len(m.shown.Processes) > 1 {
		lines[1] = format.Blank(gutter) + st.dim.paint(m.signs.CutLeft(pidText(code.PID)+"  "+place, width-gutter-1))
	}
	values := m.seen().last(code.ID, points)
	lines = append(lines, m.detailNumbers(row, values, width)...)
	lines = append(lines, m.detailBlame(code, width, max(3, height/3))...)
	threads := m.threadLines(width)
	room := height - len(lines) - len(threads) - 3
	if room >= 3 {
		lines = append(lines, "")
		lines = append(lines, m.chart(values, width, min(room, 16))...)
		lines = append(lines, "")
	}
	return clip(append(lines, threads...), height)
}

// functionOf is what is shown of one process's function; nil: nothing. It is
// not looked for among the rows: they may be of several processes together.
func (m *Model) functionOf(id uint64) *function {
	s := m.shown
	i, ok := slices.BinarySearchFunc(s.Functions, id, func(f collect.FunctionRow, id uint64) int { return cmp.Compare(f.Code.ID, id) })
	if !ok {
		return nil
	}
	row := &s.Functions[i]
	return &function{FunctionRow: row, counted: s.Interval > 0 && countedPIDs(s).has(row.Code.PID)}
}

// detailNumbers says what the function did, now and altogether.
func (m *Model) detailNumbers(f *function, values []float64, width int) []string {
	st, s := m.styles, m.shown
	mean, most := summary(values)
	if f.counted && !(f.CallsPerS < most) { // a reading is shorter than a point
		most = f.CallsPerS
	}
	word := func(name string) piece { return piece{text: format.Left(name, 9), ink: st.dim} }
	number := func(text, unit string, rank int) piece {
		return piece{text: text, unit: " " + unit, ink: st.bold, gap: "   ", rank: rank}
	}
	mark := certainty(m.signs, f.Status)
	share := shareCell(m.signs, f)
	if share != m.signs.Unknown {
		share += " %"
	}
	calls := []piece{word("calls/s"), number(rateCell(m.signs, f, f.CallsPerS), "now", 0),
		number(mark+m.measured(mean), "mean", 2), number(mark+m.measured(most), "most", 2), number(share, "of all calls", 1)}
	since := "since " + format.Clock(s.Since) + " (" + format.Span(s.Time.Sub(s.Since)) + ")"
	total := []piece{word("total"), number(mark+format.Count(f.Calls), "calls "+since, 0)}
	resumes := []piece{word("resumes"), {text: m.signs.None, unit: " no generator or coroutine", ink: st.plain, gap: "   "}}
	if f.HasResumes {
		resumes = []piece{word("resumes"), number(rateCell(m.signs, f, f.ResumesPerS), "/s now", 0), number(mark+format.Count(f.Resumes), "in all", 0)}
	}
	var out []string
	for _, pieces := range [][]piece{calls, total, resumes} {
		pieces[0].text = "  " + pieces[0].text
		out = append(out, m.line(width, pieces, nil))
	}
	return out
}

// detailBlame is how long the function made threads wait for the GIL, and in
// what stack most of it: as many frames as there is room for.
func (m *Model) detailBlame(code *collect.Code, width, height int) []string {
	row, b := m.functionOf(code.ID), m.blamedFunction(code)
	if row == nil || b == nil || b.Wait == 0 {
		return nil
	}
	share := m.signs.Unknown
	if row.CausedKnown {
		share = m.gilMark(code.PID) + format.HeadPercent(b.Share)
	}
	of := ""
	if b.Thread != 0 {
		of = " of " + m.threadWords(code.PID, b.Thread)
	}
	lines := []string{m.line(width, []piece{
		{text: "  caused wait", ink: m.styles.dim}, {text: share, unit: " now", ink: m.styles.bold, gap: " "},
		{text: m.sumMark(code.PID) + m.signs.Duration(b.Wait), unit: " in all", ink: m.styles.bold, gap: "   "},
		{text: "mostly in this stack" + of + ":", ink: m.styles.dim, gap: "   ", rank: 1},
	}, nil)}
	if len(b.Stack) == 0 {
		return append(lines, format.Blank(gutter+4)+m.styles.dim.paint("its stack could not be read"))
	}
	frames := m.frames(b.Stack, width)
	if hidden := len(frames) - height + 1; hidden > 0 && height > 1 {
		frames = append(frames[:height-1], format.Blank(gutter+4)+m.styles.dim.paint(format.Exactly(hidden)+" more"))
	}
	return append(lines, frames...)
}

func (m *Model) measured(v float64) string {
	if math.IsNaN(v) {
		return m.signs.Unknown
	}
	return format.Rate(v)
}

// summary is mean and largest of what was measured; NaN for neither.
func summary(values []float64) (mean, most float64) {
	n := 0
	most = math.NaN()
	for _, v := range values {
		if math.IsNaN(v) {
			continue
		}
		n++
		mean += v
		if !(v <= most) {
			most = v
		}
	}
	if n == 0 {
		return math.NaN(), most
	}
	return mean / float64(n), most
}

// chart draws calls/s over the last five minutes, with its axes.
func (m *Model) chart(values []float64, width, height int) []string {
	const label = 6
	st := m.styles
	cells := min(width-gutter-label-4, points)
	if values == nil {
		values = holes(points)
	}
	_, most := summary(values)
	top := format.RoundTop(most)
	lines := m.signs.Chart(values, top, cells, height)
	for y, line := range lines {
		text, mark := "", m.signs.Side
		switch y {
		case 0:
			text, mark = format.Rate(top), m.signs.Tick
		case height - 1:
			text, mark = "0", m.signs.Tick
		}
		lines[y] = format.Blank(gutter-1) + st.dim.paint(format.Right(text, label)+" "+mark) + st.spark.paint(line)
	}
	axis := m.axis(cells)
	return append(lines, format.Blank(gutter-1+label+1)+st.dim.paint(m.signs.Corner+axis))
}

// axis names the minutes under a chart.
func (m *Model) axis(cells int) string {
	left, right := "5 min ago", "now, 3 s a point"
	if cells < len(left)+len(right)+4 {
		right = "now"
	}
	rule := cells - len(left) - len(right) - 4
	return m.signs.Rule + " " + left + " " + strings.Repeat(m.signs.Rule, max(1, rule)) + " " + right
}

// threadLines says which threads called it since the details were opened.
func (m *Model) threadLines(width int) []string {
	st := m.styles
	say := func(text string) []string {
		return []string{"   " + st.dim.paint(m.signs.CutRight("by thread  "+text, width-gutter-1))}
	}
	switch {
	case m.final():
		return say("ended")
	case m.controls() == nil:
		return say("not counted here: nothing is attached")
	case m.details.from.IsZero(), m.shown.Focus != m.details.code.ID:
		if m.paused {
			return say("counting" + m.signs.Ellipsis + " shown when the pause ends")
		}
		return say("counting" + m.signs.Ellipsis)
	}
	var all uint64
	for _, t := range m.shown.ByThread {
		all += t.Calls + t.Resumes
	}
	since := "since " + format.Clock(m.details.from)
	if all == 0 {
		return say("not called " + since)
	}
	lines := []string{"   " + st.dim.paint("by thread, "+since)}
	for _, t := range threadsByCalls(m.shown.ByThread) {
		share := float64(t.Calls+t.Resumes) / float64(all)
		name := format.Plain(t.Name)
		if name == "" {
			name = "ended"
		}
		counts := format.Count(t.Calls) + " calls"
		if t.Resumes > 0 {
			counts += " + " + format.Count(t.Resumes) + " resumes"
		}
		line := "   " + format.Right(format.Whole(t.TID), 8) + "  " + format.Left(m.signs.CutRight(name, 16), 16) + "  " +
			st.spark.paint(m.signs.Bar(share, 16)) + " " + format.Right(format.HeadPercent(share), 6)
		if width-58 >= format.Width(counts) {
			line += "  " + st.dim.paint(counts)
		}
		lines = append(lines, line)
		if len(lines) == 1+threadsShown {
			break
		}
	}
	return lines
}

// threadsShown is how many threads the details list.
const threadsShown = 6
