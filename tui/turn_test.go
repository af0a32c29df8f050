package tui

import (
	"testing"
	"time"

	"pytop/collect"
)

// TestNothingStays: what was watched before leaves nothing behind: IDs of
// threads begin at 1 in each source.
func TestNothingStays(t *testing.T) {
	s, _ := listScreen(t, 120, 40, false)
	s.press("j").enter()
	shop(s, 4, 0)
	s.press("b", "pgdown", "b")
	gils(s).SetFilter("worker")
	s.press("enter")
	g := gils(s)
	if g.Details.ID == 0 {
		t.Fatal("no thread is open")
	}
	g.Details.Scroll.Offset = 3
	s.press("q") // to the list
	if g.Details.ID != 0 || g.Blame.Open || g.FilterText() != "" || g.Details.Scroll.Offset != 0 || g.Threads.All() != 0 {
		t.Errorf("thread %d, blame %v, filter %q, scrolled by %d, %d threads", g.Details.ID, g.Blame.Open, g.FilterText(), g.Details.Scroll.Offset, g.Threads.All())
	}
}

// TestFreeNoSpark: who has no GIL has no share of waits for it.
func TestFreeNoSpark(t *testing.T) {
	s := newScreen(t, 160, 40, Options{})
	shop(s, 4, 0)
	s.wants("▁▁")
	s.show(collect.Diff(freeReading(1), freeReading(2), 2))
	s.lacks("▁▁")
}

// TestNoTaskStays: what was asked of a source that is left is not asked of the
// next, nor does it say what became of it.
func TestNoTaskStays(t *testing.T) {
	s := newScreen(t, 100, 30, Options{})
	s.o.List = newFakeList(func() time.Time { return s.clock })
	s.run(2)
	_, braked := s.Update(keyPress("x"))
	s.press("enter") // asks for calls by thread, when that is done
	if len(s.session.queue) != 1 {
		t.Fatalf("%d tasks wait, want one", len(s.session.queue))
	}
	s.press("esc", "q")
	if !s.Listing || s.session.busy || s.Doing != "" || s.session.queue != nil {
		t.Errorf("listing %v, busy %v, doing %q, queue %v", s.Listing, s.session.busy, s.Doing, s.session.queue)
	}
	late := braked()
	if _, ok := late.(controlMsg); !ok {
		t.Fatalf("%T", late)
	}
	_, cmd := s.Update(late)
	s.do(cmd)
	if cmd != nil || !s.Braked.IsZero() || !s.session.away.IsZero() {
		t.Errorf("taken as of the list: braked %v", s.Braked)
	}
}

// TestSortIsPutBack: the last table of a run is by totals, the next run's is not.
func TestSortIsPutBack(t *testing.T) {
	s, _ := listScreen(t, 120, 40, false)
	s.press("j").enter()
	last := *s.Shown
	last.Final = true
	s.show(&last)
	if by, _ := calls(s).Rows.SortedBy(); by != "calls" {
		t.Fatalf("sorted by %s", by)
	}
	s.press("q").enter()
	if by, falling := calls(s).Rows.SortedBy(); by != "calls_per_s" || !falling {
		t.Errorf("sorted by %s, falling %v", by, falling)
	}
	s.press("s")
	chosen, _ := calls(s).Rows.SortedBy()
	s.press("q").enter()
	if by, _ := calls(s).Rows.SortedBy(); by != chosen || by == "calls_per_s" {
		t.Errorf("sorted by %s, not as was chosen", by)
	}
}
