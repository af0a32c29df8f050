package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/pane"
)

type tickMsg struct {
	of     *session
	number int
}

// readingMsg is a reading that a command brought, with its snapshot made
// outside of the event loop.
type readingMsg struct {
	of       *session
	reading  *collect.Reading
	snapshot *collect.Snapshot
	base     *collect.Reading
	err      error
}

// read starts a reading; the caller has seen that none is under way.
func (s *session) read() tea.Cmd {
	s.inFlight, s.started = true, s.m.Now()
	source, prev, base, seq := s.Source, s.last, s.Base, s.seq+1
	return s.m.Beside(func() tea.Msg {
		r, err := source.Read()
		if err != nil {
			return readingMsg{of: s, err: err}
		}
		return readingMsg{of: s, reading: r, snapshot: snapshot(s.m.panes, prev, r, base, seq), base: base}
	})
}

// take shows a reading and plans the next.
func (s *session) take(msg readingMsg) tea.Cmd {
	s.inFlight = false
	s.failed = msg.err
	if msg.err != nil {
		return s.plan()
	}
	s.prev, s.last = s.last, msg.reading
	s.seq++
	s.Latest = msg.snapshot
	if msg.base != s.Base { // totals were reset meanwhile
		s.Latest = snapshot(s.m.panes, s.prev, s.last, s.Base, s.seq)
	}
	for _, r := range of[pane.Recorder](s.m.panes) {
		r.Record(s.Latest)
	}
	if s.Latest.Final {
		s.Braked, s.brakeWanted = time.Time{}, false
	}
	if !s.Paused {
		s.m.show(s.Latest)
	}
	if s.m.o.Count > 0 && s.seq > s.m.o.Count {
		return tea.Quit
	}
	cmds := []tea.Cmd{s.plan(), s.m.tell(pane.TakenMsg{})}
	if s.seq == 1 && s.m.o.After > 0 {
		cmds = append(cmds, tea.Tick(s.m.o.After, func(time.Time) tea.Msg { return tea.QuitMsg{} }))
	}
	return tea.Batch(cmds...)
}

// plan sets the tick for the next reading, an interval after the last began.
func (s *session) plan() tea.Cmd {
	if s.inFlight || s.Source == nil || s.Final() {
		return nil
	}
	s.tick++
	msg := tickMsg{s, s.tick}
	wait := max(0, s.m.delay-s.m.Now().Sub(s.started))
	return tea.Tick(wait, func(time.Time) tea.Msg { return msg })
}

// reset counts totals from now on.
func (s *session) reset() tea.Cmd {
	if s.last == nil {
		return nil
	}
	s.Base = s.last
	s.Gaps = nil
	s.Latest = snapshot(s.m.panes, s.prev, s.last, s.Base, s.seq)
	if !s.Paused {
		s.m.show(s.Latest)
	}
	return s.m.Say("totals count from now on")
}

// setPaused stops the screen or lets it go on.
func (s *session) setPaused(paused bool) {
	if s.Shown == nil || s.Shown.Final {
		return
	}
	s.Paused = paused
	for _, p := range of[pane.Pauser](s.m.panes) {
		p.Pause(paused)
	}
	if !paused {
		s.m.show(s.Latest)
	}
}

// snapshot is the difference of two readings, with totals counted from base.
func snapshot(panes []pane.Pane, prev, cur, base *collect.Reading, seq int) *collect.Snapshot {
	s := collect.Diff(prev, cur, seq)
	if base == nil {
		return s
	}
	s.Since = base.Time
	for _, r := range of[pane.Rebaser](panes) {
		r.Rebase(s, base, cur)
	}
	return s
}
