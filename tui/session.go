package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// session is all that belongs to one source: another source has another one.
type session struct {
	pane.Watched
	m *Model

	inFlight   bool // a reading is under way
	tick       int  // number of the tick that counts
	started    time.Time
	seq        int
	prev, last *collect.Reading
	failed     error // of the last Read

	busy        bool // with a task
	queue       []pane.Task
	brakeWanted bool      // by the last press of the key: it may not be done yet
	away        time.Time // since when nothing is counted, for the gap
}

// begin makes a session of a source, which nothing was read of.
func (m *Model) begin(source collect.Source, listing bool) {
	m.session = &session{m: m, Watched: pane.Watched{Source: source, Listing: listing}}
	m.Watched = &m.session.Watched
}

// turnTo shows another source from its beginning.
func (m *Model) turnTo(source collect.Source, listing bool) tea.Cmd {
	m.begin(source, listing)
	for _, p := range m.panes {
		p.Reset()
	}
	m.Activate(nil)
	return m.session.read()
}

type watchedMsg struct {
	source collect.Source
	err    error
}

// watch attaches to processes of the list.
func (m *Model) watch(pids []int) tea.Cmd {
	if m.Opening > 0 || m.o.Watch == nil || len(pids) == 0 {
		return nil
	}
	m.Opening = len(pids)
	open, ctx := m.o.Watch, m.context
	return m.Beside(func() tea.Msg {
		source, err := open(ctx, pids)
		return watchedMsg{source, err}
	})
}

// watched shows what was attached to.
func (m *Model) watched(msg watchedMsg) tea.Cmd {
	m.Opening = 0
	if msg.err != nil {
		return m.Complain(format.Plain(msg.err.Error()))
	}
	return m.turnTo(msg.source, false)
}

// canReturn tells whether there is a list to go back to.
func (m *Model) canReturn() bool { return m.o.List != nil && !m.Listing && !m.help.open }

// toList detaches, and lists the processes again.
func (m *Model) toList() tea.Cmd {
	was := m.Source
	return tea.Batch(m.turnTo(m.o.List, true), m.Beside(func() tea.Msg {
		_ = was.Close() // what cannot be detached goes with pytop
		return nil
	}))
}
