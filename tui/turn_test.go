package tui

import (
	"testing"

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
