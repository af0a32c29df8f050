package tui

import (
	tea "charm.land/bubbletea/v2"
)

// wheelRows is how far a step of the wheel scrolls.
const wheelRows = 3

// mouse: a click on a column's title sorts, one on a row puts the cursor
// there (and opens it when it was there), the wheel scrolls.
func (m *Model) mouse(msg tea.MouseMsg) tea.Cmd {
	at := msg.Mouse()
	switch msg.(type) {
	case tea.MouseWheelMsg:
		n := wheelRows
		switch at.Button {
		case tea.MouseWheelUp:
			n = -n
		case tea.MouseWheelDown:
		default:
			return nil
		}
		m.wheel(at.Y, n)
	case tea.MouseClickMsg:
		if at.Button == tea.MouseLeft && !m.prompt.open() && !m.helpOpen && !m.details.open {
			return m.click(at.X, at.Y)
		}
	}
	return nil
}

func (m *Model) wheel(y, n int) {
	if m.helpOpen {
		m.help.move(n)
		return
	}
	if m.details.open {
		return
	}
	switch a, _ := m.areaAt(y); a.pane {
	case paneFunctions:
		m.functions.Scroll(n, m.rowsInView())
	case paneProcesses:
		m.processes.Scroll(n, m.rowsInView())
	case paneGIL:
		m.wheelGIL(n)
	case paneLog:
		m.log.move(n)
	}
}

func (m *Model) areaAt(y int) (area, bool) {
	for _, a := range m.layout().areas {
		if y >= a.y && y < a.y+a.height {
			return a, true
		}
	}
	return area{}, false
}

func (m *Model) click(x, y int) tea.Cmd {
	a, ok := m.areaAt(y)
	if !ok {
		return nil
	}
	if a.pane == paneGIL {
		return m.clickThread(x, y-a.y, a.height)
	}
	if a.pane != paneChart {
		m.pane = a.pane
	}
	if a.pane == paneProcesses {
		return m.clickProcess(x, y-a.y)
	}
	if a.pane != paneFunctions {
		return nil
	}
	switch line := y - a.y; {
	case line == 1:
		for _, c := range m.functions.Layout(m.width-gutter-1, gap2) {
			if x >= gutter+c.X-gap2 && x < gutter+c.X+c.Width && c.Sorts() {
				m.choose(c.Field)
				break
			}
		}
	case line >= m.headLines():
		i := m.functions.Offset(m.rowsInView()) + line - m.headLines()
		if i >= m.functions.Len() {
			return nil
		}
		if at, ok := m.functions.Cursor(); ok && at == i {
			return m.openDetails()
		}
		m.functions.Place(i)
	}
	return nil
}
