package tui

import (
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// TestWhoseGIL: of several GILs the header says whose its numbers are as long as
// there is room for anything; those that are no longer measured are not counted.
func TestWhoseGIL(t *testing.T) {
	many := func() *collect.Snapshot { return collect.Diff(manyReading(1), manyReading(2), 2) }
	header := func(s *screen) string { return strings.Split(s.text(), "\n")[2] }
	s := newScreen(t, 80, 24, Options{})
	s.show(many())
	if text := header(s); !strings.Contains(text, "pid 7") || !strings.Contains(text, "has it") {
		t.Error(text)
	}
	s.Width = 60
	if text := header(s); !strings.Contains(text, "pid 7") {
		t.Error(text)
	}
	s.Width = 160
	gone := many()
	gone.GILs[0].Counting = false // its process ended: what it did last is no rate
	s.show(gone)
	if text := header(s); !strings.Contains(text, "pid 9") || strings.Contains(text, "worst") {
		t.Error(text)
	}
	s.wants("switches and blame: pid 9")
	s.lacks("the worst")
	for i := range gone.GILs {
		gone.GILs[i].Counting = false
	}
	s.show(gone)
	s.wants("? held")
}

// TestInterpreters: of the GILs of one process it is said which interpreter's.
func TestInterpreters(t *testing.T) {
	one := gilSnapshot()
	calm := one.GILs[0]
	calm.ID, calm.Interpreter, calm.WaitShare, calm.HeldShare = 8, 2, 0, 0.1
	one.GILs = append(one.GILs, calm)
	s := newScreen(t, 160, 45, Options{})
	s.show(one)
	s.wants("interpreter 0, worst of 2", "switches and blame: interpreter 0, the worst")
	many := collect.Diff(manyReading(1), manyReading(2), 2)
	calm.PID = 7
	many.GILs = append(many.GILs, calm)
	s.show(many)
	s.wants("pid 7 interpreter 0, worst of 3", "switches and blame: pid 7 interpreter 0, the worst")
	s.Only = many.Processes[0].Process
	s.ShowOnly(s.Only)
	s.wants("pid 7 only", "switches and blame: interpreter 0, the worst")
}

// TestWhoseWorld: the same where there is no GIL.
func TestWhoseWorld(t *testing.T) {
	s := newScreen(t, 80, 24, Options{})
	s.show(severalFree())
	s.wants("pid 70")
	s.Width = 160
	s.wants("pid 70, worst of 2")
	gone := severalFree()
	gone.Worlds[1].Counting = false
	s.show(gone)
	s.wants("pid 7 ")
	s.lacks("worst of")
}

// TestEndedThreads: who ended is not among the threads that live, in the title.
func TestEndedThreads(t *testing.T) {
	prev, cur := shopReading(4, 2), shopReading(4, 3)
	for i := 1; i < 3; i++ {
		cur.Threads[i].Ended = true
	}
	s := newScreen(t, 160, 45, Options{})
	s.show(collect.Diff(prev, cur, 3))
	s.wants("2 of 3 threads, 2 ended")
	if n := gils(s).Threads.Len(); n != 5 {
		t.Errorf("%d rows", n)
	}
	for i := range cur.Threads {
		cur.Threads[i].Ended = true
	}
	cur.Threads = append(cur.Threads, collect.ThreadReading{ID: 500, PID: 70, Ended: true, Measured: true, Holds: 5, Hold: time.Second})
	cur.Final = true
	s.show(collect.Diff(prev, cur, 3))
	s.wants("6+ threads, ended")
}

// TestHelpASCII: every line of the help has plain words for its signs.
func TestHelpASCII(t *testing.T) {
	s := newScreen(t, 100, 30, Options{ASCII: true})
	s.run(2)
	all := strings.Join(s.helpPage().lines(100), "\n")
	for _, r := range all {
		if r > 0x7f {
			t.Errorf("%q is not ASCII", r)
		}
	}
	if !strings.Contains(all, "_.:-=+*#") {
		t.Error("the sparklines are not defined")
	}
}
