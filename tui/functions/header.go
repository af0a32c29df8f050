package functions

import (
	"math"
	"time"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// Header is the line about calls.
func (p *Pane) Header(width int) []pane.HeadLine {
	if p.Listing {
		return nil
	}
	s, st := p.Shown, p.Styles
	left := []pane.Piece{{Text: pane.Label("calls", width), Ink: st.Dim}}
	if s.Interval > 0 && counting(s) {
		left = append(left,
			pane.Piece{Text: p.totalsMark(s) + format.Rate(s.Totals.CallsPerS) + "/s", Ink: st.Bold, Gap: " "},
			pane.Piece{Text: "+ " + format.Rate(s.Totals.ResumesPerS) + " resumes/s", Ink: st.Plain, Gap: " ", Rank: 3})
	} else {
		left = append(left, pane.Piece{Text: p.Signs.Unknown + "/s", Ink: st.Bold, Gap: " "})
	}
	text, color := p.status(s)
	return []pane.HeadLine{{
		Left: left, Cells: 40, After: []pane.Piece{{Text: text, Ink: color, Gap: "  "}},
		Trend: func(cells int) string { return format.Left(p.Signs.Spark(pane.Tail(p.record.recent(), cells)), cells) },
	}}
}

// Sum is the sums over all functions, as text.
func (p *Pane) Sum() string {
	s := p.Shown
	status, _ := p.truth(s) // the rest has lines of its own
	rates := p.Signs.Unknown + " calls/s"
	if s.Interval > 0 && counting(s) {
		rates = p.totalsMark(s) + format.Rate(s.Totals.CallsPerS) + " calls/s + " + format.Rate(s.Totals.ResumesPerS) + " resumes/s"
	}
	return rates + p.Signs.Dot + status
}

// rate is calls/s, a hole when nothing was counted, or for so short a time
// that it says nothing.
func rate(s *collect.Snapshot) float64 {
	var counted time.Duration
	for _, p := range s.Processes {
		counted = max(counted, p.CountedDelta)
	}
	if counted < min(s.Interval, 50*time.Millisecond) || !counting(s) {
		return math.NaN()
	}
	return s.Totals.CallsPerS
}
