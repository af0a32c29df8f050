package functions

import (
	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// state is what is known of the counting of calls.
type state struct{ *pane.Screen }

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
func (c *state) letGo() *collect.ProcessRow {
	s := c.Shown
	if s == nil || s.Final || !c.Braked.IsZero() {
		return nil
	}
	var first *collect.ProcessRow
	for i, p := range s.Processes {
		switch {
		case c.Only != nil && p.Process.PID != c.Only.PID, p.State == collect.Ended:
		case p.OverBudget && first == nil:
			first = &s.Processes[i]
		case p.Status != collect.Off:
			return nil
		}
	}
	return first
}

// status is what is going on, else how true the calls are, in a word or two.
func (c *state) status(s *collect.Snapshot) (string, pane.Ink) {
	st := c.Styles
	switch {
	case s.Final:
		text, _ := c.truth(s)
		return "ended, " + text, st.Amber
	case c.Paused:
		return " paused since " + format.Clock(s.Time) + " ", st.Badge
	case c.Doing != "":
		return c.Doing + c.Signs.Ellipsis, st.Amber
	case !c.Braked.IsZero():
		return " braked since " + format.Clock(c.Braked) + " ", st.Badge
	case c.letGo() != nil:
		return " over budget ", st.Badge
	}
	return c.truth(s)
}

// truth is how true the counts are, of the weakest process.
func (c *state) truth(s *collect.Snapshot) (string, pane.Ink) {
	st := c.Styles
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
		return "exact", st.Plain
	case collect.Estimate:
		return c.Signs.Estimate + " estimate" + of, st.Amber
	case collect.LowerBound:
		return c.Signs.AtLeast + " lower bound" + of, st.Amber
	}
	return "off" + of, st.Red
}

// weight orders statuses by how weak they are.
var weight = map[collect.CallsStatus]int{collect.LowerBound: 1, collect.Estimate: 2, collect.Off: 3}

// totalsMark is what stands before sums over all processes: that of the weakest
// of those that were counted.
func (c *state) totalsMark(s *collect.Snapshot) string {
	worst := collect.Exact
	for _, p := range s.Processes {
		if p.Counting && weight[p.Status] > weight[worst] {
			worst = p.Status
		}
	}
	return certainty(c.Signs, worst)
}

// certainty is the mark before a number that is not exact.
func certainty(signs *format.Signs, s collect.CallsStatus) string {
	switch s {
	case collect.Estimate:
		return signs.Estimate
	case collect.LowerBound:
		return signs.AtLeast
	}
	return ""
}

// words of a status, before its reason.
var words = map[collect.CallsStatus]string{
	collect.Exact: "exact", collect.Estimate: "estimate", collect.LowerBound: "lower bound", collect.Off: "calls are not counted",
}

// notices are the states that the functions pane says above its rows, as
// lines of width cells.
func (c *state) notices(width int) []pane.Notice {
	var lines []pane.Notice
	for _, n := range c.states() {
		for _, line := range format.Wrap(n.Text, width) {
			lines = append(lines, pane.Notice{Text: c.Signs.CutRight(line, width), Ink: n.Ink})
		}
	}
	return lines
}

func (c *state) states() []pane.Notice {
	s, st := c.Shown, c.Styles
	switch {
	case s == nil && c.Source == nil:
		return []pane.Notice{{Text: "attaching" + c.Signs.Ellipsis + " finding the interpreter and placing the probes", Ink: st.Bold}}
	case s == nil:
		return []pane.Notice{{Text: "counting" + c.Signs.Ellipsis, Ink: st.Bold}}
	case s.Final:
		return []pane.Notice{{Text: pane.Ending(s) + c.Hint("q quits"), Ink: st.Amber}}
	case !c.Braked.IsZero():
		return []pane.Notice{{Text: "braked: nothing is counted since " + format.Clock(c.Braked) + c.Hint("x attaches again"), Ink: st.Amber}}
	}
	if p := c.letGo(); p != nil {
		return []pane.Notice{
			{Text: pane.Of(s, *p) + "detached: " + format.Plain(p.Reason), Ink: st.Amber},
			{Text: "no call is counted now" + c.Hint("Enter counts whatever it costs") + c.Hint("q quits"), Ink: st.Bold},
		}
	}
	if s.Interval == 0 {
		return []pane.Notice{{Text: "counting" + c.Signs.Ellipsis + " rates come with the next reading", Ink: st.Bold}}
	}
	return c.stillness(s)
}
