package gil

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/pane"
)

// stacked is a source that reads stacks.
type stacked struct {
	collect.Source
	asked []int
	one   collect.DumpThread
}

func (s *stacked) Stack(_, tid int) (*collect.DumpThread, error) {
	s.asked = append(s.asked, tid)
	return &s.one, nil
}

// TestThreadStack: Enter on a thread reads its stack, in a command, and shows
// it; what was read for another thread is not shown.
func TestThreadStack(t *testing.T) {
	source := &stacked{one: collect.DumpThread{TID: 8, Stack: []collect.Place{
		{File: "/srv/app/shop/pricing.py", Function: "Basket.discount", Line: 44}, {File: "/srv/app/shop/main.py", Function: "serve", Line: 3},
	}}}
	p, f := newPaneOf(t, 120, 40)
	f.Source = source
	f.Show(p, gilSnapshot())
	cmd, _ := p.Press(tea.KeyPressMsg{Code: tea.KeyEnter})
	if p.Details.ID != 2 || cmd == nil || len(source.asked) != 0 {
		t.Fatalf("thread %d, asked %v before the command ran", p.Details.ID, source.asked)
	}
	p.Receive(cmd())
	text := paneText(p)
	for _, w := range []string{"runs    Basket.discount", "pricing.py:44", "serve", "main.py:3", "made wait        worker-2 80 %, 1.6 s in all"} {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
	if p.Details.readStack() == nil || p.Details.readStack() != nil {
		t.Error("one at a time, again with each reading")
	}
	p.Details.ID = 3
	if again := p.Receive(stackMsg{source: source, id: 2, one: &source.one}); again == nil {
		t.Error("the stack of the thread opened meanwhile is to be read")
	}
	if text := paneText(p); strings.Contains(text, "main.py:3") {
		t.Errorf("another thread's stack:\n%s", text)
	}
	p.Details.stack = threadStack{id: 2, one: &source.one}
	p.Details.ID, f.Paused = 2, true
	if p.Details.readStack() != nil {
		t.Error("a pause keeps the stack")
	}
}

// TestReset: what was watched before leaves nothing behind: IDs of threads
// begin at 1 in each source.
func TestReset(t *testing.T) {
	p, f := newPaneOf(t, 120, 40)
	before := &stacked{}
	f.Source = before
	for _, s := range []*collect.Snapshot{gilSnapshot(), gilSnapshot()} {
		p.Record(s)
		f.Show(p, s)
	}
	p.openBlame()
	p.Blame.scroll.Offset = 2
	p.SetFilter("worker")
	p.Details.ID, p.Details.Scroll.Offset, p.Details.stack = 2, 3, threadStack{id: 2, one: &before.one}
	if len(p.head.waited) != 2 || len(p.head.spark) != 2 {
		t.Fatalf("waited %v, %v", p.head.waited, p.head.spark)
	}
	f.Watched = &pane.Watched{Source: &stacked{}}
	p.Reset()
	if *p.Details != (Details{facts: p.facts}) || *p.Blame != (Blame{facts: p.facts}) || p.FilterText() != "" || p.head.waited != nil || p.head.spark != nil || p.Threads.All() != 0 {
		t.Errorf("%+v, %+v, filter %q, waited %v, %v, %d threads", p.Details, p.Blame, p.FilterText(), p.head.waited, p.head.spark, p.Threads.All())
	}
	p.Receive(stackMsg{source: before, id: 1, one: &before.one})
	if p.Details.stack.one != nil {
		t.Error("a stack of what was watched before came late, and was taken")
	}
}
