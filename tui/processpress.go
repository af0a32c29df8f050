package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// pressProcesses are the keys of the processes pane that mean other things elsewhere.
func (m *Model) pressProcesses(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if m.pane != paneProcesses {
		return nil, false
	}
	switch {
	case key.Matches(msg, keys.Enter) && m.listing:
		return m.watch(), true
	case key.Matches(msg, keys.Enter):
		if p := m.current(); p != nil {
			m.pane, m.thread, m.blame.open = paneFunctions, 0, false
			m.showOnly(p.Process)
			return nil, true
		}
	case key.Matches(msg, keys.Escape) && m.chosen != "":
		m.filterProcesses("")
		return nil, true
	case key.Matches(msg, keys.Escape) && !m.listing:
		m.pane = paneFunctions
		return nil, true
	}
	return nil, false
}

// current is the process under the cursor, or the first in view.
func (m *Model) current() *process {
	i, ok := m.processes.Cursor()
	if !ok {
		i = m.processes.Offset(m.rowsInView())
	}
	if i >= m.processes.Len() {
		return nil
	}
	return m.processes.Row(i)
}

// mark marks the process under the cursor, and goes on to the next.
func (m *Model) mark() {
	p := m.current()
	if p == nil {
		return
	}
	p.marked = !p.marked
	if p.marked {
		m.marked[p.key] = true
	} else {
		delete(m.marked, p.key)
	}
	if _, ok := m.processes.Cursor(); !ok {
		m.processes.Move(1, m.rowsInView())
	}
	m.processes.Move(1, m.rowsInView())
}

func (m *Model) clickProcess(x, line int) tea.Cmd {
	if line == 1 {
		for _, c := range m.processes.Layout(m.width-gutter-1, gap2) {
			if x >= gutter+c.X-gap2 && x < gutter+c.X+c.Width && c.Sorts() {
				m.choose(c.Field)
				break
			}
		}
		return nil
	}
	i := m.processes.Offset(m.rowsInView()) + line - 2
	if line < 2 || i >= m.processes.Len() {
		return nil
	}
	if at, ok := m.processes.Cursor(); ok && at == i {
		cmd, _ := m.pressProcesses(tea.KeyPressMsg{Code: tea.KeyEnter})
		return cmd
	}
	m.processes.Place(i)
	return nil
}

// back closes what is open, one thing at a time: the choice of a process, the
// filter, then what is watched.
func (m *Model) back() tea.Cmd {
	switch {
	case m.blame.open: // also where another pane is active
		m.blame.open = false
	case m.thread != 0:
		m.thread = 0
	case m.only != nil:
		m.showOnly(nil)
		if m.several() {
			m.pane = paneProcesses
		}
	case m.filter != "":
		m.setFilter("")
	case m.canReturn():
		return m.toList()
	}
	return nil
}
