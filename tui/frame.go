package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/pane"
)

// frame is what the screen does for its panes.
type frame struct{ m *Model }

// Say sets the status line for a while.
func (f frame) Say(text string) tea.Cmd { return f.m.message.set(text, false) }

// Complain sets the status line to what went wrong.
func (f frame) Complain(text string) tea.Cmd { return f.m.message.set(text, true) }

// Lines is how many lines a pane has now.
func (f frame) Lines(p pane.Pane) int {
	for _, a := range f.m.layout().areas {
		if a.pane == p {
			return a.height
		}
	}
	return 0
}

// Activate makes a pane the active one; nil: the first that is there.
func (f frame) Activate(p pane.Pane) {
	for _, one := range f.m.panes {
		if p == nil && one.There() {
			p = one
		}
	}
	f.m.Active = p
}

// ShowOnly shows one process; nil: all.
func (f frame) ShowOnly(p *collect.Process) {
	f.m.Only = p
	f.m.show(f.m.Shown)
}

// AskFilter asks for a filter.
func (f frame) AskFilter(of pane.Filtered) {
	f.m.prompt.Ask(filterQuestion{f.m.Screen, of}, of.FilterText())
}

// Told is what panes know about a function.
func (f frame) Told(code *collect.Code, width, height int) []string {
	var lines []string
	for _, t := range of[pane.Teller](f.m.panes) {
		lines = append(lines, t.About(code, width, height)...)
	}
	return lines
}

// Ask asks something of the source.
func (f frame) Ask(t pane.Task) tea.Cmd { return f.m.session.ask(t) }

// Force attaches whatever it costs.
func (f frame) Force(since time.Time) tea.Cmd { return f.m.session.attach(true, since) }

// Beside runs beside the screen, while the source is open.
func (f frame) Beside(do func() tea.Msg) tea.Cmd {
	return func() tea.Msg {
		if !f.m.gate.enter() {
			return nil
		}
		defer f.m.gate.leave()
		return do()
	}
}

// Watch opens a source on processes of the list.
func (f frame) Watch(pids []int) tea.Cmd { return f.m.watch(pids) }
