package tui

import (
	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// alerts are what must be seen whatever else is: losses, failed probes, and
// what panes say.
func (m *Model) alerts() []pane.Notice {
	s := m.Shown
	if s == nil {
		return nil
	}
	var out []pane.Notice
	add := func(text string, ink pane.Ink) { out = append(out, pane.Notice{Text: text, Ink: ink}) }
	if m.Paused && m.Final() {
		add(pane.Ending(m.Latest)+m.Signs.Dot+"space shows the last table", m.Styles.Amber)
	}
	if m.session.failed != nil {
		add("reading: "+format.Plain(m.session.failed.Error()), m.Styles.Red)
	}
	for _, p := range s.Probes {
		if p.Status == collect.ProbeFailed {
			add("probe "+format.Plain(p.Name)+" failed: "+format.Plain(p.Reason), m.Styles.Red)
		}
	}
	for _, l := range s.Lost {
		if l.Count > 0 {
			add("lost "+format.Count(l.Count)+" "+format.Plain(l.Text), m.Styles.Red)
		}
	}
	for _, p := range of[pane.Alerter](m.panes) {
		out = append(out, p.Alerts()...)
	}
	return out
}

// alertLines are the alerts that there is room for, and how many more there are.
// On higher screens each may have a second line: the reason stands at the end.
func (m *Model) alertLines() []string {
	all := m.alerts()
	most, each := 1, 1
	if m.Height >= 20 {
		most = 2
	}
	if m.Height >= 24 {
		each = 2
	}
	if m.Height >= pane.Roomy {
		most = 4
	}
	most = min(most, len(all))
	var lines []string
	for i, n := range all[:most] {
		more := ""
		if i == most-1 && len(all) > most {
			more = " (and " + format.Exactly(len(all)-most) + " more)"
		}
		for k, text := range m.Fold(n.Text, more, m.Width-4, each) {
			sign := "! "
			if k > 0 {
				sign = "  "
			}
			lines = append(lines, " "+n.Ink.Paint(sign+text))
		}
	}
	return lines
}
