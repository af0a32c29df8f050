// Package gil is the pane about the GIL: who holds it, who waits for it, how it
// goes from thread to thread, and which functions make others wait. Without a
// GIL it shows what threads wait for instead, and who stops the world.
package gil

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/pane"
)

// Pane is the pane about the GIL.
type Pane struct {
	pane.Base
	*facts
	threads  *threads
	switches *switches
	head     *head
	Blame    *Blame
	Details  *Details
	of       *collect.Process // as Only was with the last snapshot
}

// New makes the pane.
func New(s *pane.Screen) pane.Pane {
	p := &Pane{facts: &facts{Screen: s}}
	p.self = p
	p.threads = newThreads(p.facts)
	p.switches, p.head, p.Blame, p.Details = &switches{facts: p.facts}, &head{facts: p.facts}, &Blame{facts: p.facts}, &Details{facts: p.facts}
	return p
}

// There tells that the pane can be gone to, also where nothing is measured: it
// says why.
func (p *Pane) There() bool { return !p.Listing }

// Take shows the threads and GILs of a snapshot.
func (p *Pane) Take(s *collect.Snapshot) {
	if p.of != p.Only {
		p.of = p.Only
		p.Details.ID, p.Blame.Open = 0, false
		p.threads.setFilter(p.threads.filter)
	}
	p.take(s)
	p.threads.showColumns()
	if p.free() { // nobody is to blame
		p.Blame.Open, p.Blame.under = false, false
	}
	if !p.Paused {
		p.head.spark = slices.Clone(p.head.waited)
	}
}

// Reset forgets the threads: their IDs begin at 1 in each source.
func (p *Pane) Reset() {
	p.Threads.Set(nil)
	p.Threads.Release()
	p.threads.setFilter("")
	p.of = nil
	*p.Blame, *p.Details, *p.head = Blame{facts: p.facts}, Details{facts: p.facts}, head{facts: p.facts}
}

// Record keeps how much was waited.
func (p *Pane) Record(s *collect.Snapshot) {
	if s.Interval > 0 && len(s.GILs) > 0 {
		p.head.waited = append(p.head.waited, contention(worstOf(s.GILs)))
		p.head.waited = pane.Tail(p.head.waited, pane.RatesKept)
	}
}

// Init asks for nothing.
func (p *Pane) Init() tea.Cmd { return nil }

// Receive takes the stack of the thread that is shown in full; with each
// reading it is read anew.
func (p *Pane) Receive(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case pane.TakenMsg:
		return p.Details.readStack()
	case stackMsg:
		return p.Details.stackRead(msg)
	}
	return nil
}

// Header is the line about the GIL.
func (p *Pane) Header(width int) []pane.HeadLine { return p.head.lines(width) }

// Plain is the pane as text.
func (p *Pane) Plain(width, top int) []string { return printed{p.facts}.all(p.Shown, width, top) }
