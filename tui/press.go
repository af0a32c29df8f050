package tui

import (
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/pane"
)

// press does what a key means: for the prompt, for the frame, for the active
// pane, then for the others.
func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	switch {
	case m.prompt.Typing() && key.Matches(msg, keys.Interrupt):
		m.prompt.Close()
		return m.askQuit()
	case m.prompt.Open():
		return m.prompt.Press(msg)
	}
	m.message.text = ""
	if p, ok := m.Active.(pane.First); ok && !m.help.open && p.PressFirst(msg) {
		return nil
	}
	if cmd, done := m.pressAlways(msg); done {
		return cmd
	}
	if m.help.open {
		m.help.press(msg, m.layout().body)
		return nil
	}
	if cmd, done := m.Active.Press(msg); done {
		return cmd
	}
	return m.pressLeft(msg)
}

// pressAlways are keys that mean the same wherever one is.
func (m *Model) pressAlways(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(msg, keys.Quit):
		if m.canReturn() && msg.String() == "q" {
			return m.toList(), true
		}
		return m.askQuit(), true
	case key.Matches(msg, keys.Help):
		m.help = help{open: !m.help.open}
	case key.Matches(msg, keys.Suspend):
		return m.session.suspend(), true
	case key.Matches(msg, keys.Pause):
		m.session.setPaused(!m.Paused)
	case key.Matches(msg, keys.Brake):
		return m.session.brake(), true
	case key.Matches(msg, keys.Longer):
		return m.setDelay(1), true
	case key.Matches(msg, keys.Shorter):
		return m.setDelay(-1), true
	case key.Matches(msg, keys.Reset):
		return m.session.reset(), true
	case key.Matches(msg, keys.Export):
		return m.export(), true
	case key.Matches(msg, keys.ExportTo):
		return m.askExport(), true
	case key.Matches(msg, keys.Mouse):
		m.mouseOff = !m.mouseOff
		if m.mouseOff {
			return m.Say("mouse off: the terminal's own selecting and copying works" + m.Signs.Dot + "m turns it on"), true
		}
		return m.Say("mouse on"), true
	default:
		return nil, false
	}
	return nil, true
}

// pressLeft are the keys that the active pane leaves: to the frame, then to the
// other panes, the first one last.
func (m *Model) pressLeft(msg tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(msg, keys.Pane):
		m.Activate(m.nextPane(1))
		return nil
	case key.Matches(msg, keys.PaneBack):
		m.Activate(m.nextPane(-1))
		return nil
	case key.Matches(msg, keys.Zoom):
		m.Zoomed = !m.Zoomed
		return nil
	}
	for _, p := range of[pane.Anywhere](append(slices.Clone(m.panes[1:]), m.panes[0])) {
		if cmd, done := p.PressAnywhere(msg); done {
			return cmd
		}
	}
	if key.Matches(msg, pane.Keys.Escape) && m.canReturn() {
		return m.toList()
	}
	return nil
}

// nextPane is the n-th pane from the active one on, of those that are there.
func (m *Model) nextPane(n int) pane.Pane {
	there := slices.DeleteFunc(slices.Clone(m.panes), func(p pane.Pane) bool { return !p.There() })
	i := slices.Index(there, m.Active)
	return there[(i+n+len(there))%len(there)]
}

// delays are the steps of + and -.
var delays = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, 60 * time.Second,
}

// setDelay goes to the next longer or shorter interval.
func (m *Model) setDelay(n int) tea.Cmd {
	next := m.delay
	for _, d := range delays {
		if n > 0 && d > m.delay {
			next = d
			break
		}
		if n < 0 && d < m.delay {
			next = d
		}
	}
	if next == m.delay {
		return nil
	}
	m.delay = next
	return m.session.plan()
}
