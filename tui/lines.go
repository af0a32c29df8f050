package tui

import (
	"strings"

	"pytop/tui/format"
)

// alertLines are the alerts that there is room for, and how many more there are.
// On higher screens each may have a second line: the reason stands at the end.
func (m *Model) alertLines() []string {
	all := m.alerts()
	most, each := 1, 1
	if m.height >= 20 {
		most = 2
	}
	if m.height >= 24 {
		each = 2
	}
	if m.height >= roomy {
		most = 4
	}
	most = min(most, len(all))
	var lines []string
	for i, n := range all[:most] {
		more := ""
		if i == most-1 && len(all) > most {
			more = " (and " + format.Exactly(len(all)-most) + " more)"
		}
		for k, text := range m.fold(n.text, more, m.width-4, each) {
			sign := "! "
			if k > 0 {
				sign = "  "
			}
			lines = append(lines, " "+n.ink.paint(sign+text))
		}
	}
	return lines
}

// fold breaks a text into at most so many lines, the last one cut; end stays whole.
func (m *Model) fold(text, end string, width, most int) []string {
	if format.Width(text+end) <= width { // as it is, with its blanks
		return []string{text + end}
	}
	lines := format.Wrap(text+end, width)
	if len(lines) > most {
		lines = format.Wrap(text, width)
		lines = append(lines[:most-1], m.signs.CutRight(strings.Join(lines[most-1:], " "), width-format.Width(end))+end)
	}
	for i := range lines {
		lines[i] = m.signs.CutRight(lines[i], width)
	}
	return lines
}

// footLines is how many lines the foot of the screen has.
func (m *Model) footLines() int {
	switch {
	case m.prompt.open():
		return 1
	case m.message.text != "":
		return len(m.messageLines(m.width))
	case m.height >= 14:
		return 1
	}
	return 0
}

// foot is the last lines: what is asked, else what happened, else keys.
func (m *Model) foot(width int) []string {
	switch {
	case m.prompt.open():
		return []string{m.prompt.line(m, width)}
	case m.message.text != "":
		return m.messageLines(width)
	}
	return []string{m.keyBar(width)}
}

// messageLines is what happened: an error in full, as far as there is room.
func (m *Model) messageLines(width int) []string {
	color := m.styles.bold
	if m.message.bad {
		color = m.styles.red
	}
	lines := m.fold(m.message.text, "", width-2, min(4, max(1, (m.height-minHeight)/3)))
	for i, text := range lines {
		lines[i] = " " + color.paint(text)
	}
	return lines
}
