package tui

import (
	"math"
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
)

type tickMsg int

// readingMsg is a reading that a command brought, with its snapshot made
// outside of the event loop.
type readingMsg struct {
	reading  *collect.Reading
	snapshot *collect.Snapshot
	base     *collect.Reading
	err      error
	source   collect.Source
}

// ratesKept is how many readings the header's sparkline reaches back.
const ratesKept = 64

// read starts a reading; the caller has seen that none is under way.
func (m *Model) read() tea.Cmd {
	m.inFlight, m.started = true, m.now()
	source, prev, base, seq := m.source, m.last, m.base, m.seq+1
	return func() tea.Msg {
		if !m.gate.enter() {
			return nil
		}
		defer m.gate.leave()
		r, err := source.Read()
		if err != nil {
			return readingMsg{err: err, source: source}
		}
		return readingMsg{source: source, reading: r, snapshot: snapshot(prev, r, base, seq), base: base}
	}
}

// take shows a reading and plans the next.
func (m *Model) take(msg readingMsg) tea.Cmd {
	if msg.source != nil && msg.source != m.source {
		return nil // of what was watched before
	}
	m.inFlight = false
	m.failed = msg.err
	if msg.err != nil {
		return m.plan()
	}
	m.prev, m.last = m.last, msg.reading
	m.seq++
	s := msg.snapshot
	if msg.base != m.base { // totals were reset meanwhile
		s = snapshot(m.prev, m.last, m.base, m.seq)
	}
	m.latest = s
	if s.Interval > 0 {
		m.history.add(s)
		m.rates = append(m.rates, rate(s))
		if len(s.GILs) > 0 {
			m.waited = append(m.waited, contention(worstGIL(s)))
			m.waited = m.waited[max(0, len(m.waited)-ratesKept):]
		}
		m.rates = m.rates[max(0, len(m.rates)-ratesKept):]
	}
	if s.Final {
		m.braked, m.brakeWanted = time.Time{}, false
	}
	if !m.paused {
		m.show(s)
	}
	if m.o.Count > 0 && m.seq > m.o.Count {
		return tea.Quit
	}
	if m.seq == 1 && m.o.After > 0 {
		return tea.Batch(m.plan(), m.readStack(), tea.Tick(m.o.After, func(time.Time) tea.Msg { return tea.QuitMsg{} }))
	}
	return tea.Batch(m.plan(), m.readStack())
}

// plan sets the tick for the next reading, an interval after the last began.
func (m *Model) plan() tea.Cmd {
	if m.inFlight || m.source == nil || m.final() {
		return nil
	}
	m.tick++
	number := tickMsg(m.tick)
	wait := max(0, m.delay-m.now().Sub(m.started))
	return tea.Tick(wait, func(time.Time) tea.Msg { return number })
}

func (m *Model) final() bool { return m.latest != nil && m.latest.Final }

// show puts a snapshot on the screen. The last is of the whole run: it is
// sorted by totals, unless the user chose otherwise.
func (m *Model) show(s *collect.Snapshot) {
	m.shown = s
	switch letGo := m.letGo() != nil; {
	case letGo && m.letGoAt.IsZero():
		m.letGoAt = s.Time
	case !letGo && m.braked.IsZero():
		m.letGoAt = time.Time{}
	}
	if s.Final && !m.sorted {
		m.sortBy("calls")
	}
	if c := &m.functions.Columns[0]; c.Field == "pid" {
		c.Hide = !m.several()
	}
	for i := range m.functions.Columns {
		if c := &m.functions.Columns[i]; c.Field == causedField {
			c.Hide = m.printed || !causedKnown(s)
		}
	}
	m.setBounds(s)
	rows := m.history.rows(s)
	for i := range rows {
		rows[i].bounded = m.isBounded(rows[i].Code.PID)
	}
	m.functions.Set(m.grouped(rows))
	m.setProcesses(s)
	m.setThreads(s)
}

// reset counts totals from now on.
func (m *Model) reset() tea.Cmd {
	if m.last == nil {
		return nil
	}
	m.base = m.last
	m.gaps = nil
	m.latest = snapshot(m.prev, m.last, m.base, m.seq)
	if !m.paused {
		m.show(m.latest)
	}
	return m.say("totals count from now on")
}

// setPaused stops the screen or lets it go on.
func (m *Model) setPaused(paused bool) {
	if m.shown == nil || m.shown.Final {
		return
	}
	m.paused, m.frozen, m.past = paused, nil, nil
	if paused {
		m.frozen, m.past = append([]float64{}, m.rates...), m.history.clone()
		return
	}
	m.show(m.latest)
}

// contention is the share waited, a hole when it was not measured.
func contention(g *collect.GILRow) float64 {
	if !g.Counting || g.Estimated {
		return math.NaN()
	}
	return g.WaitShare
}

// rate is calls/s, a hole when nothing was counted, or for so short a time
// that it says nothing.
func rate(s *collect.Snapshot) float64 {
	var counted time.Duration
	for _, p := range s.Processes {
		counted = max(counted, p.CountedDelta)
	}
	if counted < min(s.Interval, 50*time.Millisecond) || !counting(s) {
		return math.NaN()
	}
	return s.Totals.CallsPerS
}

// snapshot is the difference of two readings, with totals counted from base.
func snapshot(prev, cur, base *collect.Reading, seq int) *collect.Snapshot {
	s := collect.Diff(prev, cur, seq)
	if base == nil {
		return s
	}
	s.Since = base.Time
	rebaseGIL(s, base, cur)
	rebaseFunctions(s.Functions, base.Codes, collect.Folded(base.Codes, cur.Codes))
	rebaseProcesses(s, base, cur)
	return s
}
