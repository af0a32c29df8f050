package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
)

// control runs what is asked of the source one after the other: each may
// take a while, and their order matters.
type control struct {
	doing string // in words, for the header; empty: nothing, or nothing to tell
	busy  bool
	queue []task
}

// task is one thing asked of the source.
type task struct {
	doing string
	do    func(collect.Controls) error
	done  func(m *Model) tea.Cmd // when it went well
}

type controlMsg struct {
	source collect.Source
	task   task
	err    error
}

// gap is a time during which nothing was counted, by the user's will.
type gap struct{ from, to time.Time }

// ask queues a task; without controls it says so and does nothing.
func (m *Model) ask(t task) tea.Cmd {
	if m.controls() == nil {
		return nil
	}
	m.control.queue = append(m.control.queue, t)
	return m.nextTask()
}

func (m *Model) nextTask() tea.Cmd {
	if m.control.busy || len(m.control.queue) == 0 {
		return nil
	}
	t := m.control.queue[0]
	m.control.queue = m.control.queue[1:]
	m.control.busy, m.control.doing = true, t.doing
	source, controls := m.source, m.controls()
	return func() tea.Msg {
		if !m.gate.enter() {
			return nil
		}
		defer m.gate.leave()
		return controlMsg{source, t, t.do(controls)}
	}
}

func (m *Model) controlled(msg controlMsg) tea.Cmd {
	if msg.source != m.source {
		return nil // of what was watched before
	}
	m.control.busy, m.control.doing = false, ""
	var cmd tea.Cmd
	switch {
	case msg.err != nil:
		m.brakeWanted = !m.braked.IsZero() // it stayed as it was
		cmd = m.complain(format.Plain(msg.err.Error()))
	case msg.task.done != nil:
		cmd = msg.task.done(m)
	}
	return tea.Batch(cmd, m.nextTask())
}

// controls is nil when the source has none: a recording, a demo.
func (m *Model) controls() collect.Controls {
	c, _ := m.source.(collect.Controls)
	return c
}

// brake detaches everything, or attaches again.
func (m *Model) brake() tea.Cmd {
	switch {
	case m.final():
		return m.say("it ended: there is nothing to brake")
	case m.controls() == nil:
		return m.say("nothing is attached here: there is nothing to brake")
	case !m.brakeWanted:
		m.brakeWanted = true
		return m.detach("braked by the user", func(m *Model) tea.Cmd {
			m.braked = m.away
			return m.say("every probe is out of the target: it runs as if pytop were not there")
		})
	}
	return m.attach(false)
}

func (m *Model) detach(why string, then func(m *Model) tea.Cmd) tea.Cmd {
	return m.ask(task{
		doing: "detaching",
		do:    func(c collect.Controls) error { return c.Detach(why) },
		done: func(m *Model) tea.Cmd {
			m.away = m.now()
			return then(m)
		},
	})
}

// attach puts the probes back and remembers the gap.
func (m *Model) attach(force bool) tea.Cmd {
	m.brakeWanted = false
	return m.ask(task{
		doing: "attaching",
		do:    func(c collect.Controls) error { return c.Attach(force) },
		done: func(m *Model) tea.Cmd {
			m.braked = time.Time{}
			if m.away.IsZero() && force {
				m.away = m.letGoAt
			}
			if !m.away.IsZero() {
				m.gaps = append(m.gaps, gap{m.away, m.now()})
				m.away = time.Time{}
			}
			if !m.inFlight { // the gap ends with a reading of its own
				m.tick++
				return m.read()
			}
			return nil
		},
	})
}

// suspend detaches, then stops pytop as Ctrl-Z does.
func (m *Model) suspend() tea.Cmd {
	switch {
	case m.o.JobControl != nil && !m.o.JobControl():
		return m.say("no shell would wake pytop again: it is not suspended" + m.signs.Dot + "x takes every probe away")
	case m.controls() == nil || m.final() || m.brakeWanted:
		return tea.Suspend
	}
	return m.detach("suspended", func(*Model) tea.Cmd { return tea.Suspend })
}

// resume attaches again what suspend detached.
func (m *Model) resume() tea.Cmd {
	if m.away.IsZero() || m.brakeWanted {
		return nil
	}
	return m.attach(false)
}
