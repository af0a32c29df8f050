package tui

import (
	tea "charm.land/bubbletea/v2"

	"pytop/tui/pane"
)

// mouse: a click is the pane's where it is, and so is the wheel.
func (m *Model) mouse(msg tea.MouseMsg) tea.Cmd {
	at := msg.Mouse()
	a, found := m.layout().at(at.Y)
	switch msg.(type) {
	case tea.MouseWheelMsg:
		n := pane.WheelRows
		switch at.Button {
		case tea.MouseWheelUp:
			n = -n
		case tea.MouseWheelDown:
		default:
			return nil
		}
		switch {
		case m.help.open:
			m.help.scroll.Move(n)
		case found:
			a.pane.Wheel(n)
		default:
			m.first().Wheel(n)
		}
	case tea.MouseClickMsg:
		if at.Button == tea.MouseLeft && !m.prompt.Open() && !m.help.open && found {
			return a.pane.Click(at.X, at.Y-a.y, a.height)
		}
	}
	return nil
}
