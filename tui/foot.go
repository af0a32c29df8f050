package tui

import (
	"slices"
	"strings"

	"pytop/tui/format"
	"pytop/tui/pane"
)

// foot is the last lines: what is asked, else what happened, else keys.
func (m *Model) foot() []string {
	switch {
	case m.prompt.Open():
		return []string{m.prompt.Line(m.Screen)}
	case m.message.text != "":
		return m.message.lines(m.Screen)
	case m.Height >= 14:
		return []string{m.keyBar()}
	}
	return nil
}

// keyBar names the keys that are wanted most, as many as there is room for: the
// active pane's, else those of most panes.
func (m *Model) keyBar() string {
	all := m.Active.Bar()
	switch {
	case m.help.open:
		all = []pane.Short{pane.InBar(m.Signs.Arrows, "scroll", 0), pane.InBar("Esc", "back", 0), pane.InBar("q", "quit", 0)}
	case all == nil:
		all = pane.DefaultBar(m.Signs)
	}
	for barWidth(all) > m.Width-2 {
		worst := 0
		for i, s := range all {
			if s.Rank > all[worst].Rank {
				worst = i
			}
		}
		if all[worst].Rank == 0 {
			break
		}
		all = slices.Delete(all, worst, worst+1)
	}
	var b strings.Builder
	for i, s := range all {
		b.WriteString(" ")
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(m.Styles.Key.Paint(s.Sign) + " " + m.Styles.Dim.Paint(s.Word))
	}
	return b.String()
}

func barWidth(all []pane.Short) int {
	n := 1
	for i, s := range all {
		n += format.Width(s.Sign) + 1 + len(s.Word)
		if i > 0 {
			n += 2
		}
	}
	return n
}
