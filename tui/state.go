package tui

import (
	"pytop/collect"
	"pytop/tui/format"
)

// notice is a state in words.
type notice struct {
	text string
	ink  ink
}

// counting tells whether calls were counted in the interval, in any process.
func counting(s *collect.Snapshot) bool {
	for _, p := range s.Processes {
		if p.Counting {
			return true
		}
	}
	return false
}

// letGo is the process that pytop let go by itself since its calls cost too
// much, when it counts no other's: of the processes that are shown. nil: it
// counts some, or was told not to.
func (m *Model) letGo() *collect.ProcessRow {
	s := m.shown
	if s == nil || s.Final || !m.braked.IsZero() {
		return nil
	}
	var first *collect.ProcessRow
	for i, p := range s.Processes {
		switch {
		case m.only != nil && p.Process.PID != m.only.PID, p.State == collect.Ended:
		case p.OverBudget && first == nil:
			first = &s.Processes[i]
		case p.Status != collect.Off:
			return nil
		}
	}
	return first
}

// status is what is going on, else how true the calls are, in a word or two.
func (m *Model) status(s *collect.Snapshot) (string, ink) {
	st := m.styles
	switch {
	case s.Final:
		text, _ := m.truth(s)
		return "ended, " + text, st.amber
	case m.paused:
		return " paused since " + format.Clock(s.Time) + " ", st.badge
	case m.control.doing != "":
		return m.control.doing + m.signs.Ellipsis, st.amber
	case !m.braked.IsZero():
		return " braked since " + format.Clock(m.braked) + " ", st.badge
	case m.letGo() != nil:
		return " over budget ", st.badge
	}
	return m.truth(s)
}

// truth is how true the counts are, of the weakest process.
func (m *Model) truth(s *collect.Snapshot) (string, ink) {
	st := m.styles
	worst, n := collect.Exact, 0
	for _, p := range s.Processes {
		switch {
		case weight[p.Status] > weight[worst]:
			worst, n = p.Status, 1
		case p.Status == worst:
			n++
		}
	}
	of := ""
	if len(s.Processes) > 1 && n < len(s.Processes) {
		of = " (" + format.Whole(n) + " of " + format.Whole(len(s.Processes)) + ")"
	}
	switch worst {
	case collect.Exact:
		return "exact", st.plain
	case collect.Estimate:
		return m.signs.Estimate + " estimate" + of, st.amber
	case collect.LowerBound:
		return m.signs.AtLeast + " lower bound" + of, st.amber
	}
	return "off" + of, st.red
}

// weight orders statuses by how weak they are.
var weight = map[collect.CallsStatus]int{collect.LowerBound: 1, collect.Estimate: 2, collect.Off: 3}

// alerts are what must be seen whatever else is: losses, failed probes,
// reasons of weaker counts, gaps.
func (m *Model) alerts() []notice {
	s := m.shown
	if s == nil {
		return nil
	}
	var out []notice
	if m.paused && m.final() {
		out = append(out, notice{ending(m.latest) + m.signs.Dot + "space shows the last table", m.styles.amber})
	}
	if m.failed != nil {
		out = append(out, notice{"reading: " + format.Plain(m.failed.Error()), m.styles.red})
	}
	for _, p := range s.Probes {
		if p.Status == collect.ProbeFailed {
			out = append(out, notice{"probe " + format.Plain(p.Name) + " failed: " + format.Plain(p.Reason), m.styles.red})
		}
	}
	for _, l := range s.Lost {
		if l.Count > 0 {
			out = append(out, notice{"lost " + format.Count(l.Count) + " " + format.Plain(l.Text), m.styles.red})
		}
	}
	var said *collect.Process
	if p := m.letGo(); p != nil {
		said = p.Process
	}
	for _, p := range s.Processes {
		if m.listing {
			break // its rows say it
		}
		if p.Payers > 0 {
			out = append(out, notice{m.of(s, p) + format.Whole(p.Payers) + " of its children " + format.Word(p.Payers, "has inherited its breakpoints and pays", "have inherited its breakpoints and pay") + " for them, uncounted: --children counts " + format.Word(p.Payers, "it", "them"), m.styles.amber})
		}
		if p.Unwatched > 0 {
			out = append(out, notice{m.of(s, p) + format.Whole(p.Unwatched) + " of its children " + format.Word(p.Unwatched, "runs the same program and is", "run the same program and are") + " not watched: --children watches " + format.Word(p.Unwatched, "it", "them"), m.styles.amber})
		}
		if p.Reason == "" || !s.Final && p.Braked || p.Process == said { // which the functions pane says
			continue
		}
		what := words[p.Status]
		switch {
		case p.State == collect.Ended && p.Process.Python == "":
			out = append(out, notice{m.of(s, p) + format.Plain(p.Reason), m.styles.amber})
			continue
		case p.State == collect.Ended && p.Status == collect.Off:
			what = "calls were not counted up to the end"
		}
		out = append(out, notice{m.of(s, p) + what + ": " + format.Plain(p.Reason), m.styles.amber})
	}
	if n := len(m.gaps); n > 0 {
		g := m.gaps[n-1]
		text := "not counted " + m.signs.Gap(g.from, g.to)
		if n > 1 {
			text += ", and " + format.Word(n-1, "once", format.Whole(n-1)+" times") + " before"
		}
		out = append(out, notice{text, m.styles.amber})
	}
	return append(out, m.boundWords(s)...)
}

// words of a status, before its reason.
var words = map[collect.CallsStatus]string{
	collect.Exact: "exact", collect.Estimate: "estimate", collect.LowerBound: "lower bound", collect.Off: "calls are not counted",
}

// of names the process that is meant, when there are several.
func (m *Model) of(s *collect.Snapshot, p collect.ProcessRow) string {
	if len(s.Processes) == 1 {
		return ""
	}
	return "pid " + format.Whole(p.Process.PID) + ": "
}

// notices are the states that the functions pane says above its rows, as
// lines of width cells.
func (m *Model) notices(width int) []notice {
	var lines []notice
	for _, n := range m.states() {
		for _, line := range format.Wrap(n.text, width) {
			lines = append(lines, notice{m.signs.CutRight(line, width), n.ink})
		}
	}
	return lines
}

func (m *Model) states() []notice {
	s, st := m.shown, m.styles
	switch {
	case s == nil && m.source == nil:
		return []notice{{"attaching" + m.signs.Ellipsis + " finding the interpreter and placing the probes", st.bold}}
	case s == nil:
		return []notice{{"counting" + m.signs.Ellipsis, st.bold}}
	case s.Final:
		return []notice{{ending(s) + m.hint("q quits"), st.amber}}
	case !m.braked.IsZero():
		return []notice{{"braked: nothing is counted since " + format.Clock(m.braked) + m.hint("x attaches again"), st.amber}}
	}
	if p := m.letGo(); p != nil {
		return []notice{
			{m.of(s, *p) + "detached: " + format.Plain(p.Reason), st.amber},
			{"no call is counted now" + m.hint("Enter counts whatever it costs") + m.hint("q quits"), st.bold},
		}
	}
	if s.Interval == 0 {
		return []notice{{"counting" + m.signs.Ellipsis + " rates come with the next reading", st.bold}}
	}
	return m.stillness(s)
}

// ending says that there is no more, and why.
func ending(s *collect.Snapshot) string {
	if s.EndReason == "" {
		return "ended " + format.Clock(s.Time)
	}
	return format.Plain(s.EndReason)
}

// hint is what a key does, on a screen; nothing in a printed table.
func (m *Model) hint(text string) string {
	if m.printed {
		return ""
	}
	return m.signs.Dot + text
}
