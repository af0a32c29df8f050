package tui

import (
	"strings"

	"pytop/tui/format"
)

// keyBar names the keys that are wanted most, as many as there is room for.
func (m *Model) keyBar(width int) string {
	all, ranks := m.barKeys()
	for keyBarWidth(all) > width-2 {
		worst := 0
		for i, r := range ranks {
			if r > ranks[worst] {
				worst = i
			}
		}
		if ranks[worst] == 0 {
			break
		}
		all = append(all[:worst], all[worst+1:]...)
		ranks = append(ranks[:worst], ranks[worst+1:]...)
	}
	var b strings.Builder
	for i, s := range all {
		b.WriteString(" ")
		if i > 0 {
			b.WriteString(" ")
		}
		b.WriteString(m.styles.key.paint(s.sign) + " " + m.styles.dim.paint(s.word))
	}
	return b.String()
}

// barKeys are the keys that do something now, and their ranks: the highest
// leaves first, 0 stays.
func (m *Model) barKeys() (all []short, ranks []int) {
	g := m.signs
	all = []short{
		{"?", "help"}, {"/", "filter"}, {"s", "sort"}, {"r", "reverse"}, {g.Enter, "details"}, {g.Space, "pause"},
		{"e", "export"}, {"x", "brake"}, {"z", "zoom"}, {g.Tab, "pane"}, {"q", "quit"},
	}
	ranks = []int{0, 3, 4, 8, 5, 6, 7, 2, 10, 9, 1}
	switch {
	case m.listing && !m.helpOpen:
		all = []short{{"?", "help"}, {"/", "filter"}, {"s", "sort"}, {g.Enter, "watch"}, {g.Space, "mark"}, {"q", "quit"}}
		ranks = []int{0, 3, 4, 0, 2, 0}
	case m.helpOpen:
		all, ranks = []short{{g.Arrows, "scroll"}, {"Esc", "back"}, {"q", "quit"}}, []int{0, 0, 0}
	case m.pane == paneGIL && m.blame.open:
		all = []short{{"Esc", "back"}, {g.Arrows, "another"}, {g.Space, "pause"}, {"e", "export"}, {"?", "help"}, {"q", "quit"}}
		ranks = []int{0, 1, 3, 4, 0, 0}
	case m.pane == paneGIL && m.thread != 0 && m.paneFree():
		all = []short{{"Esc", "back"}, {g.Arrows, "scroll"}, {g.Space, "pause"}, {"e", "export"}, {"?", "help"}, {"q", "quit"}}
		ranks = []int{0, 1, 2, 3, 0, 0}
	case m.pane == paneGIL && m.thread != 0:
		all = []short{{"Esc", "back"}, {g.Arrows, "scroll"}, {"b", "blame"}, {g.Space, "pause"}, {"e", "export"}, {"?", "help"}, {"q", "quit"}}
		ranks = []int{0, 1, 2, 3, 4, 0, 0}
	case m.pane == paneGIL && m.paneFree() && !m.details.open:
		all = []short{{"?", "help"}, {"/", "filter"}, {"s", "sort"}, {g.Enter, "thread"}, {g.Space, "pause"}, {"e", "export"}, {"x", "brake"}, {"z", "zoom"}, {g.Tab, "pane"}, {"q", "quit"}}
		ranks = []int{0, 3, 4, 1, 6, 8, 2, 5, 7, 0}
	case m.pane == paneGIL && m.paneMeasured() && !m.details.open:
		all = []short{{"?", "help"}, {"/", "filter"}, {"s", "sort"}, {g.Enter, "thread"}, {"b", "blame"}, {"c", "counts"}, {g.Space, "pause"},
			{"e", "export"}, {"x", "brake"}, {"z", "zoom"}, {g.Tab, "pane"}, {"q", "quit"}}
		ranks = []int{0, 5, 6, 2, 1, 4, 8, 10, 3, 7, 9, 0}
	case m.pane == paneGIL && !m.details.open: // there is nothing in it
		all = []short{{"?", "help"}, {g.Space, "pause"}, {"e", "export"}, {"x", "brake"}, {"z", "zoom"}, {g.Tab, "pane"}, {"q", "quit"}}
		ranks = []int{0, 3, 5, 1, 4, 2, 0}
	case m.details.open:
		all = []short{{"Esc", "back"}, {g.Space, "pause"}, {"e", "export"}, {"x", "brake"}, {"?", "help"}, {"q", "quit"}}
		ranks = []int{0, 3, 4, 2, 0, 0}
	}
	return all, ranks
}

func keyBarWidth(all []short) int {
	n := 1
	for i, s := range all {
		n += format.Width(s.sign) + 1 + len(s.word)
		if i > 0 {
			n += 2
		}
	}
	return n
}
