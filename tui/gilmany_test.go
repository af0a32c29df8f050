package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"pytop/collect"
	"pytop/tui/pane"
)

// manyReading is gilReading beside two processes: one whose GIL is hardly
// held, and one whose GIL there was no room to follow.
func manyReading(n uint64) *collect.Reading {
	r := gilReading(n)
	r.Processes[0].GIL = collect.ProcessGIL{Status: collect.GILExact}
	calm := collect.ProcessReading{Process: &collect.Process{PID: 9, Python: "3.14.6", Command: "python3 calm.py"}, State: collect.Running, Status: collect.Exact,
		Counted: r.Processes[0].Counted, GIL: collect.ProcessGIL{Status: collect.GILExact}}
	left := calm
	left.Process = &collect.Process{PID: 11, Python: "3.14.6", Command: "python3 left.py"}
	left.GIL = collect.ProcessGIL{Status: collect.GILOff, Reason: "not followed: there is no room"}
	r.Processes = append(r.Processes, calm, left)
	g := r.GILs[0]
	g.ID, g.PID, g.Holder, g.HeldFor, g.Held, g.Wait, g.Pairs, g.Blame = 8, 9, 0, 0, g.Measured/20, 0, nil, nil
	r.GILs = append(r.GILs, g)
	r.Threads = append(r.Threads, collect.ThreadReading{ID: 9, PID: 9, TID: 9, Name: "calm", State: "sleeping", Measured: true, CPUKnown: true, Holds: n, Hold: g.Held})
	return r
}

// TestGILOfMany: with several processes each says how much its GIL is held, or
// that it is not known; Enter shows one's threads, or why there are none.
func TestGILOfMany(t *testing.T) {
	m := New(Options{})
	m.Width, m.Height = 140, 40
	m.show(collect.Diff(manyReading(1), manyReading(2), 2))
	text := func() string { return ansi.Strip(strings.Join(m.lines(), "\n")) }
	wants := func(what string, words ...string) {
		t.Helper()
		for _, word := range words {
			if !strings.Contains(text(), word) {
				t.Errorf("%s: no %q in\n%s", what, word, text())
			}
		}
	}
	wants("all", "pid 7, worst of 2", "switches and blame: pid 7, the worst", "worker-1", "calm", "Basket.discount")
	m.Activate(procs(m))
	for _, p := range []struct {
		pid         string
		cell        string
		wants, none string
	}{{"7", "70.0", "worker-1", "calm  "}, {"9", "5.0", "calm", "worker-1"}, {"11", "?", "pid 11 only: not measured: not followed: there is no room", "worker-1"}} {
		m.Activate(procs(m))
		procs(m).SetFilter(p.pid)
		for i := range procs(m).Rows.Len() {
			if row := procs(m).Rows.Row(i); pane.PidText(row.Process.PID) == "pid "+p.pid {
				procs(m).Rows.Place(i)
				if cell := cell(procs(m).Rows.Table, "gil_held_share", row); cell != p.cell {
					t.Errorf("pid %s: GIL %% is %q, want %q", p.pid, cell, p.cell)
				}
			}
		}
		m.press(keyPress("enter"))
		if !gils(m).Threads.Columns[0].Hide {
			t.Errorf("pid %s: a column says whose its threads are", p.pid)
		}
		wants("pid "+p.pid, p.wants, "pid "+p.pid+" only")
		gil := text()[strings.LastIndex(text(), " GIL"):]
		if strings.Contains(gil, p.none) {
			t.Errorf("pid %s: %q in\n%s", p.pid, p.none, gil)
		}
		m.press(keyPress("esc"))
	}
	if m.Activate(calls(m)); gils(m).Threads.Columns[0].Hide {
		t.Error("no column says whose threads they are")
	}
	wants("after", "worker-1", "calm")
}

// TestUnfollowedKeys: a process that was chosen and whose GIL is not followed
// has no keys for it, and b opens nothing.
func TestUnfollowedKeys(t *testing.T) {
	s := newScreen(t, 140, 40, Options{})
	s.show(collect.Diff(manyReading(1), manyReading(2), 2))
	s.Only = s.Shown.Processes[2].Process
	s.Activate(gils(s))
	s.ShowOnly(s.Only)
	bar := ansi.Strip(s.keyBar())
	for _, not := range []string{"blame", "counts", "thread", "details", "sort"} {
		if strings.Contains(bar, not) {
			t.Errorf("%q in %s", not, bar)
		}
	}
	s.press("b", "c", "enter")
	if gils(s).Blame.Open || gils(s).Details.ID != 0 {
		t.Error("what is not there was opened")
	}
	s.press("esc", "tab", "b")
	if !gils(s).Blame.Open {
		t.Error("of all processes there is blame")
	}
}
