package functions

import (
	"math"
	"strings"

	"pytop/tui/format"
	"pytop/tui/pane"
)

// chart draws calls/s over the last five minutes, with its axes.
func chart(s *pane.Screen, values []float64, width, height int) []string {
	const label = 6
	st := s.Styles
	cells := min(width-pane.Gutter-label-4, points)
	if values == nil {
		values = holes(points)
	}
	_, most := summary(values)
	top := format.RoundTop(most)
	lines := s.Signs.Chart(values, top, cells, height)
	for y, line := range lines {
		text, mark := "", s.Signs.Side
		switch y {
		case 0:
			text, mark = format.Rate(top), s.Signs.Tick
		case height - 1:
			text, mark = "0", s.Signs.Tick
		}
		lines[y] = format.Blank(pane.Gutter-1) + st.Dim.Paint(format.Right(text, label)+" "+mark) + st.Spark.Paint(line)
	}
	return append(lines, format.Blank(pane.Gutter-1+label+1)+st.Dim.Paint(s.Signs.Corner+axis(s.Signs, cells)))
}

// axis names the minutes under a chart.
func axis(signs *format.Signs, cells int) string {
	left, right := "5 min ago", "now, 3 s a point"
	if cells < len(left)+len(right)+4 {
		right = "now"
	}
	rule := cells - len(left) - len(right) - 4
	return signs.Rule + " " + left + " " + strings.Repeat(signs.Rule, max(1, rule)) + " " + right
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

// Chart is the pane of calls/s of all functions over the last minutes. There
// is nothing to do in it.
type Chart struct {
	pane.Base
	*pane.Screen
	record *record
}

// NewChart makes the pane of what a pane of functions has seen.
func NewChart(of pane.Pane) pane.Pane {
	p := of.(*Pane)
	return &Chart{Screen: p.Screen, record: p.record}
}

// There says that the pane cannot be gone to.
func (*Chart) There() bool { return false }

const (
	leastChart = 8
	mostChart  = 14
)

// Wants is lines that nothing else wants.
func (c *Chart) Wants(r pane.Room) int {
	if n := min(r.Spare, mostChart); n >= leastChart {
		return n
	}
	return 0
}

// View draws the chart.
func (c *Chart) View(width, height int) []string {
	title := c.Line(width, []pane.Piece{{Text: "CALLS/S", Ink: c.TitleInk(c)}, {Text: "of all functions", Ink: c.Styles.Dim, Gap: "  "}}, nil)
	return pane.Clip(append([]string{title}, chart(c.Screen, c.record.seen().total(), width, height-2)...), height)
}

// Help is what the chart shows.
func (*Chart) Help() (keys, numbers []pane.Entry) {
	return nil, []pane.Entry{
		{Rank: 140, Word: "CALLS/S", Meaning: "on high screens: calls/s of all functions over the last five minutes, 3 s a point."},
	}
}
