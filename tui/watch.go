package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
)

type watchedMsg struct {
	source collect.Source
	err    error
}

// watch attaches to the processes that are marked, else to the current one.
func (m *Model) watch() tea.Cmd {
	if m.opening > 0 || m.o.Watch == nil {
		return nil
	}
	var pids []int
	for k := range m.marked {
		pids = append(pids, int(k>>32))
	}
	slices.Sort(pids)
	if p := m.current(); len(pids) == 0 && p != nil {
		pids = []int{p.Process.PID}
	}
	if len(pids) == 0 {
		return nil
	}
	m.opening = len(pids)
	open, ctx := m.o.Watch, m.context
	if ctx == nil {
		ctx = context.Background()
	}
	return func() tea.Msg {
		if !m.gate.enter() {
			return nil
		}
		defer m.gate.leave()
		source, err := open(ctx, pids)
		return watchedMsg{source, err}
	}
}

// watched shows what was attached to.
func (m *Model) watched(msg watchedMsg) tea.Cmd {
	m.opening = 0
	if msg.err != nil {
		return m.complain(format.Plain(msg.err.Error()))
	}
	m.marked = map[uint64]bool{}
	return m.turnTo(msg.source, false)
}

// canReturn tells whether there is a list to go back to.
func (m *Model) canReturn() bool { return m.o.List != nil && !m.listing && !m.helpOpen }

// toList detaches, and lists the processes again.
func (m *Model) toList() tea.Cmd {
	was := m.source
	return tea.Batch(m.turnTo(m.o.List, true), func() tea.Msg {
		if !m.gate.enter() {
			return nil
		}
		defer m.gate.leave()
		_ = was.Close() // what cannot be detached goes with pytop
		return nil
	})
}

// turnTo shows another source from its beginning.
func (m *Model) turnTo(source collect.Source, listing bool) tea.Cmd {
	m.source, m.listing = source, listing
	m.pane = paneFunctions
	if listing {
		m.pane = paneProcesses
	}
	m.processes = processTable(m.signs, listing)
	m.chosen, m.only = "", nil
	m.functions.Set(nil)
	m.functions.Release()
	// IDs of threads begin at 1 in each source.
	m.threads.Set(nil)
	m.threads.Release()
	m.thread, m.threadScroll, m.threadFilter, m.stack, m.blame = 0, scroller{}, "", threadStack{}, blameView{}
	m.waited, m.spark = nil, nil
	m.prev, m.last, m.base, m.latest, m.shown, m.failed = nil, nil, nil, nil, nil, nil
	m.rates, m.history, m.frozen, m.past, m.gaps, m.paused = nil, history{}, nil, nil, nil, false
	m.braked, m.away, m.brakeWanted, m.details = time.Time{}, time.Time{}, false, details{}
	m.seq, m.inFlight, m.control = 0, false, control{}
	if !m.sorted { // the last table of a run is by totals
		m.sortBy(defaultSort)
	}
	m.applyFilter()
	m.tick++
	return m.read()
}
