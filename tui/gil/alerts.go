package gil

import (
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// Alerts are the reasons why what is said of GILs is a lower bound.
func (p *Pane) Alerts() []pane.Notice {
	s := p.Shown
	var out []pane.Notice
	for i := range s.Processes {
		one := &s.Processes[i]
		if one.GIL.Status != collect.GILLowerBound && !one.GIL.None || !p.isBounded(one.Process.PID) {
			continue
		}
		what, why := "GIL", one.GIL.Reason
		if one.GIL.None {
			// That there is no GIL stands in the pane; here it would only push the reason off the line.
			what, why = "waits and pauses", strings.TrimPrefix(why, "it runs free-threaded: there is no GIL; ")
		}
		text := pane.Of(s, *one) + what + ": lower bound"
		if why != "" {
			text += ": " + format.Plain(why)
		}
		out = append(out, pane.Notice{Text: text, Ink: p.Styles.Amber})
	}
	return out
}
