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
	s.threadFilter, s.threadScroll.offset = "worker", 3
	s.thread, s.stack = 2, threadStack{id: 2, one: &collect.DumpThread{TID: 72}}
	before := s.source
	s.press("q") // to the list
	if s.thread != 0 || s.stack != (threadStack{}) || s.blame != (blameView{}) || s.threadFilter != "" || s.threadScroll.offset != 0 || s.waited != nil || s.spark != nil || s.threads.All() != 0 {
		t.Errorf("thread %d, stack %v, blame %v, filter %q, waited %v, %v, %d threads", s.thread, s.stack, s.blame, s.threadFilter, s.waited, s.spark, s.threads.All())
	}
	s.Update(stackMsg{source: before, id: 1, one: &collect.DumpThread{TID: 71}})
	if s.stack.one != nil {
		t.Error("a stack of what was watched before came late, and was taken")
	}
	s.enter()
	s.Update(stackMsg{source: before, id: 1, one: &collect.DumpThread{TID: 71}})
	if s.stack.one != nil {
		t.Error("a stack of what was watched before came late, and was taken")
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
	if len(s.control.queue) != 1 {
		t.Fatalf("%d tasks wait, want one", len(s.control.queue))
	}
	s.press("esc", "q")
	if !s.listing || s.control.busy || s.control.doing != "" || s.control.queue != nil {
		t.Errorf("listing %v, %+v", s.listing, s.control)
	}
	late := braked()
	if _, ok := late.(controlMsg); !ok {
		t.Fatalf("%T", late)
	}
	_, cmd := s.Update(late)
	s.do(cmd)
	if cmd != nil || !s.braked.IsZero() || !s.away.IsZero() {
		t.Errorf("taken as of the list: braked %v", s.braked)
	}
}

// TestSortIsPutBack: the last table of a run is by totals, the next run's is not.
func TestSortIsPutBack(t *testing.T) {
	s, _ := listScreen(t, 120, 40, false)
	s.press("j").enter()
	last := *s.shown
	last.Final = true
	s.show(&last)
	if by, _ := s.functions.SortedBy(); by != "calls" {
		t.Fatalf("sorted by %s", by)
	}
	s.press("q").enter()
	if by, falling := s.functions.SortedBy(); by != defaultSort || !falling {
		t.Errorf("sorted by %s, falling %v", by, falling)
	}
	s.press("s")
	chosen, _ := s.functions.SortedBy()
	s.press("q").enter()
	if by, _ := s.functions.SortedBy(); by != chosen || by == defaultSort {
		t.Errorf("sorted by %s, not as was chosen", by)
	}
}
