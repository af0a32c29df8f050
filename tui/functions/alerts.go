package functions

import (
	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// Alerts are the reasons of weaker counts, and gaps.
func (c *state) Alerts() []pane.Notice {
	s := c.Shown
	if s == nil {
		return nil
	}
	var out []pane.Notice
	var said *collect.Process
	if p := c.letGo(); p != nil {
		said = p.Process
	}
	for _, p := range s.Processes {
		if c.Listing {
			break // its rows say it
		}
		if p.Payers > 0 {
			out = append(out, pane.Notice{Text: pane.Of(s, p) + format.Whole(p.Payers) + " of its children " + format.Word(p.Payers, "has inherited its breakpoints and pays", "have inherited its breakpoints and pay") + " for them, uncounted: --children counts " + format.Word(p.Payers, "it", "them"), Ink: c.Styles.Amber})
		}
		if p.Unwatched > 0 {
			out = append(out, pane.Notice{Text: pane.Of(s, p) + format.Whole(p.Unwatched) + " of its children " + format.Word(p.Unwatched, "runs the same program and is", "run the same program and are") + " not watched: --children watches " + format.Word(p.Unwatched, "it", "them"), Ink: c.Styles.Amber})
		}
		if p.Reason == "" || !s.Final && p.Braked || p.Process == said { // which the pane says
			continue
		}
		what := words[p.Status]
		switch {
		case p.State == collect.Ended && p.Process.Python == "":
			out = append(out, pane.Notice{Text: pane.Of(s, p) + format.Plain(p.Reason), Ink: c.Styles.Amber})
			continue
		case p.State == collect.Ended && p.Status == collect.Off:
			what = "calls were not counted up to the end"
		}
		out = append(out, pane.Notice{Text: pane.Of(s, p) + what + ": " + format.Plain(p.Reason), Ink: c.Styles.Amber})
	}
	if n := len(c.Gaps); n > 0 {
		g := c.Gaps[n-1]
		text := "not counted " + c.Signs.Gap(g.From, g.To)
		if n > 1 {
			text += ", and " + format.Word(n-1, "once", format.Whole(n-1)+" times") + " before"
		}
		out = append(out, pane.Notice{Text: text, Ink: c.Styles.Amber})
	}
	return out
}
