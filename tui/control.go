package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// What is asked of the source is done one after the other: each may take a
// while, and their order matters.

type controlMsg struct {
	of   *session
	task pane.Task
	err  error
}

// ask queues a task; a source without controls is asked nothing.
func (s *session) ask(t pane.Task) tea.Cmd {
	if s.Controls() == nil {
		return nil
	}
	s.queue = append(s.queue, t)
	return s.nextTask()
}

func (s *session) nextTask() tea.Cmd {
	if s.busy || len(s.queue) == 0 {
		return nil
	}
	t, controls := s.queue[0], s.Controls()
	s.queue = s.queue[1:]
	s.busy, s.Doing = true, t.Doing
	return s.m.Beside(func() tea.Msg { return controlMsg{s, t, t.Do(controls)} })
}

func (s *session) controlled(msg controlMsg) tea.Cmd {
	s.busy, s.Doing = false, ""
	var cmd tea.Cmd
	switch {
	case msg.err != nil:
		s.brakeWanted = !s.Braked.IsZero() // it stayed as it was
		cmd = s.m.Complain(format.Plain(msg.err.Error()))
	case msg.task.Done != nil:
		cmd = msg.task.Done()
	}
	return tea.Batch(cmd, s.nextTask())
}

// brake detaches everything, or attaches again.
func (s *session) brake() tea.Cmd {
	switch {
	case s.Final():
		return s.m.Say("it ended: there is nothing to brake")
	case s.Controls() == nil:
		return s.m.Say("nothing is attached here: there is nothing to brake")
	case !s.brakeWanted:
		s.brakeWanted = true
		return s.detach("braked by the user", func() tea.Cmd {
			s.Braked = s.away
			return s.m.Say("every probe is out of the target: it runs as if pytop were not there")
		})
	}
	return s.attach(false, time.Time{})
}

func (s *session) detach(why string, then func() tea.Cmd) tea.Cmd {
	return s.ask(pane.Task{
		Doing: "detaching",
		Do:    func(c collect.Controls) error { return c.Detach(why) },
		Done: func() tea.Cmd {
			s.away = s.m.Now()
			return then()
		},
	})
}

// attach puts the probes back and remembers the gap: it began when they were
// taken away, else when it is known to have begun.
func (s *session) attach(force bool, since time.Time) tea.Cmd {
	s.brakeWanted = false
	return s.ask(pane.Task{
		Doing: "attaching",
		Do:    func(c collect.Controls) error { return c.Attach(force) },
		Done: func() tea.Cmd {
			s.Braked = time.Time{}
			if s.away.IsZero() {
				s.away = since
			}
			if !s.away.IsZero() {
				s.Gaps = append(s.Gaps, pane.Gap{From: s.away, To: s.m.Now()})
				s.away = time.Time{}
			}
			if !s.inFlight { // the gap ends with a reading of its own
				s.tick++
				return s.read()
			}
			return nil
		},
	})
}

// suspend detaches, then stops pytop as Ctrl-Z does.
func (s *session) suspend() tea.Cmd {
	switch {
	case s.m.o.JobControl != nil && !s.m.o.JobControl():
		return s.m.Say("no shell would wake pytop again: it is not suspended" + s.m.Signs.Dot + "x takes every probe away")
	case s.Controls() == nil || s.Final() || s.brakeWanted:
		return tea.Suspend
	}
	return s.detach("suspended", func() tea.Cmd { return tea.Suspend })
}

// resume attaches again what suspend detached.
func (s *session) resume() tea.Cmd {
	if s.away.IsZero() || s.brakeWanted {
		return nil
	}
	return s.attach(false, time.Time{})
}
