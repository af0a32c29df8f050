package tui

import (
	"slices"
	"strings"
	"time"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// head is the first lines of the screen: what is watched, then what panes say.
// At the right stand the time, what watching costs, and the probes.
type head struct {
	*pane.Screen
	panes []pane.Pane
	delay time.Duration
}

func (m *Model) head() head { return head{m.Screen, m.panes, m.delay} }

// height is how many lines there are.
func (h head) height() int {
	if h.Shown == nil {
		return 3
	}
	return 1 + len(h.said(h.Width))
}

// said is what panes say.
func (h head) said(width int) []pane.HeadLine {
	var lines []pane.HeadLine
	for _, p := range of[pane.Headed](h.panes) {
		lines = append(lines, p.Header(width)...)
	}
	return lines
}

func (h head) lines(width int) []string {
	s := h.Shown
	if s == nil {
		text := "attaching" + h.Signs.Ellipsis
		switch {
		case h.Listing:
			text = "looking for CPythons" + h.Signs.Ellipsis
		case h.Source != nil:
			text = "counting" + h.Signs.Ellipsis
		}
		return []string{h.Line(width, []pane.Piece{{Text: "pytop", Ink: h.Styles.Title}, {Text: text, Ink: h.Styles.Bold, Gap: h.Signs.Dot}}, nil), "", ""}
	}
	cost := h.Cost(s, width)
	if h.Listing { // nothing costs the target
		cost = cost[len(cost)-1:]
	}
	rights := [][]pane.Piece{cost, h.probes(s)}
	lines := []string{h.target(s, width)}
	for i, line := range h.said(width) {
		var right []pane.Piece
		if i < len(rights) {
			right = rights[i]
		}
		left := slices.Clip(line.Left)
		cells := min(line.Cells, width-2-pane.Need(append(left, line.After...), right)-2)
		if line.Trend != nil && cells >= 5 {
			left = append(left, pane.Piece{Text: line.Trend(cells), Ink: h.Styles.Spark, Gap: "  "})
		}
		lines = append(lines, h.Line(width, append(left, line.After...), right))
	}
	return lines
}

// target is what is watched, of the list how much can be.
func (h head) target(s *collect.Snapshot, width int) string {
	st, dot := h.Styles, h.Signs.Dot
	every := "every " + format.Interval(h.delay)
	if h.Listing {
		n := len(s.Processes)
		return h.Line(width, []pane.Piece{{Text: "pytop", Ink: st.Title}, {Text: format.Exactly(n) + format.Word(n, " CPython", " CPythons"), Ink: st.Bold, Gap: dot}},
			[]pane.Piece{{Text: format.Plain(s.Host), Ink: st.Dim, Rank: 4}, {Text: every, Ink: st.Dim, Gap: dot, Rank: 2}, {Text: format.Clock(s.Time), Ink: st.Plain, Gap: dot}})
	}
	left := []pane.Piece{{Text: "pytop", Ink: st.Title, Rank: 5}}
	if len(s.Processes) == 1 {
		p := s.Processes[0].Process
		left = append(left,
			pane.Piece{Text: pane.ShortCommand(p.Command), Ink: st.Bold, Gap: dot, Flex: true},
			pane.Piece{Text: pane.PidText(p.PID), Ink: st.Plain, Gap: dot},
			pane.Piece{Text: python(p), Ink: st.Plain, Gap: dot, Rank: 2},
			pane.Piece{Text: format.Plain(p.Build), Ink: st.Dim, Gap: " ", Rank: 7})
		if !p.Start.IsZero() {
			left = append(left, pane.Piece{Text: "up " + format.Span(s.Time.Sub(p.Start)), Ink: st.Dim, Gap: dot, Rank: 8})
		}
	} else {
		left = append(left,
			pane.Piece{Text: format.Whole(len(s.Processes)) + " processes", Ink: st.Bold, Gap: dot},
			pane.Piece{Text: "CPython " + pythons(s.Processes), Ink: st.Plain, Gap: dot, Flex: true})
	}
	if width < pane.Wide {
		every = format.Interval(h.delay)
	}
	return h.Line(width, left, []pane.Piece{
		{Text: format.Plain(s.Host), Ink: st.Dim, Rank: 4}, {Text: every, Ink: st.Dim, Gap: dot}, {Text: format.Clock(s.Time), Ink: st.Plain, Gap: dot},
	})
}

// probes are the marks of the probes: which measure.
func (h head) probes(s *collect.Snapshot) []pane.Piece {
	var marks []pane.Piece
	for _, p := range s.Probes {
		name, mark := format.Plain(p.Name), pane.Piece{Gap: "  "}
		switch p.Status {
		case collect.ProbeOn:
			mark.Text, mark.Ink, mark.Rank = name+" "+h.Signs.On, h.Styles.Dim, 1
		case collect.ProbeFailed:
			mark.Text, mark.Ink = name+" failed", h.Styles.Red
		case collect.ProbeMissing:
			mark.Text, mark.Ink = name+" "+h.Signs.Unknown, h.Styles.Dim
		default:
			mark.Text, mark.Ink = name+" off", h.Styles.Amber
		}
		marks = append(marks, mark)
	}
	return marks
}

// python is which CPython a process runs, in words.
func python(p *collect.Process) string {
	if p.Python == "" {
		return "not watched"
	}
	return "CPython " + format.Plain(p.Python)
}

func pythons(processes []collect.ProcessRow) string {
	var found []string
	for _, p := range processes {
		if v := format.Plain(p.Process.Python); !slices.Contains(found, v) {
			found = append(found, v)
		}
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}
