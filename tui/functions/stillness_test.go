package functions

import (
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/tui/panetest"
)

// TestStillness: when nothing was called it is said what goes on instead, as
// far as that is known, and of which processes.
func TestStillness(t *testing.T) {
	process := func(pid int, cpu float64) collect.ProcessRow {
		return collect.ProcessRow{
			ProcessReading: collect.ProcessReading{Process: &collect.Process{PID: pid}, State: collect.Running, Status: collect.Exact},
			Counting:       true, CountedDelta: time.Second, CPUShare: max(0, cpu), CPUShareKnown: cpu >= 0,
		}
	}
	with := func(p collect.ProcessRow, change func(p *collect.ProcessRow)) collect.ProcessRow {
		change(&p)
		return p
	}
	off := func(p *collect.ProcessRow) { p.Counting, p.CountedDelta, p.Status = false, 0, collect.Off }
	thread := func(name string, hold float64) collect.ThreadRow {
		return collect.ThreadRow{ThreadReading: collect.ThreadReading{PID: 7, TID: 8 + len(name), Name: name}, Counting: true, HoldShare: hold}
	}
	const loop = " code that calls no Python function (C code or a loop)"
	for name, c := range map[string]struct {
		processes []collect.ProcessRow
		threads   []collect.ThreadRow
		want      string
	}{
		"idle":     {[]collect.ProcessRow{process(7, 0.01)}, nil, "no Python call in the last second: the process is waiting in C or idle"},
		"loop":     {[]collect.ProcessRow{process(7, 0.99)}, nil, "no Python call in the last second: the process runs" + loop},
		"unknown":  {[]collect.ProcessRow{process(7, -1)}, nil, "the process waits, or runs" + loop},
		"holder":   {[]collect.ProcessRow{process(7, 0.99)}, []collect.ThreadRow{thread("a", 0.01), thread("worker", 0.98)}, "last second: thread worker runs" + loop},
		"held":     {[]collect.ProcessRow{with(process(7, -1), func(p *collect.ProcessRow) { p.GILHeldKnown, p.GILHeldShare = true, 0.99 })}, nil, "the process runs" + loop},
		"sleeping": {[]collect.ProcessRow{with(process(7, 0), func(p *collect.ProcessRow) { p.GILHeldKnown, p.GILHeldShare = true, 0.99 })}, nil, "the process is waiting in C or idle"},
		"free": {[]collect.ProcessRow{process(7, 1.9)}, []collect.ThreadRow{{ThreadReading: collect.ThreadReading{PID: 7, TID: 9, Name: "spin", NoGIL: true, CPUKnown: true}, CPUShare: 0.97}},
			"thread spin runs" + loop},
		"part": {[]collect.ProcessRow{with(process(7, 0), func(p *collect.ProcessRow) { p.CountedDelta = 300 * time.Millisecond })}, nil,
			"no Python call was counted in the last second, a part of which was not counted"},
		"jit":     {[]collect.ProcessRow{with(process(7, 0), func(p *collect.ProcessRow) { p.Status = collect.LowerBound })}, nil, "no Python call was seen in the last second"},
		"two":     {[]collect.ProcessRow{process(7, 0), process(8, 0)}, nil, "no Python call in the last second in any of 2 processes: they are waiting in C or idle"},
		"one":     {[]collect.ProcessRow{process(7, 0), with(process(8, 0.9), off)}, nil, "no Python call in the last second in the 1 of 2 processes that are counted: the process is waiting in C or idle"},
		"busy":    {[]collect.ProcessRow{process(7, 0), process(8, 0.9)}, nil, "pid 8 runs" + loop},
		"many":    {[]collect.ProcessRow{process(1, 1), process(2, 1), process(3, 1), process(4, 1)}, nil, "pid 1, 2, 3 and 1 more run" + loop},
		"mixed":   {[]collect.ProcessRow{process(7, 0), process(8, -1)}, nil, "they wait, or run" + loop},
		"stopped": {[]collect.ProcessRow{with(process(7, 0), func(p *collect.ProcessRow) { p.State = collect.Stopped })}, nil, "stopped by a signal (T): it goes on with kill -CONT 7"},
		"traced":  {[]collect.ProcessRow{with(process(7, 0), func(p *collect.ProcessRow) { p.State = collect.Traced })}, nil, "stopped by a debugger (t): pid 7 goes on when the debugger continues it"},
		"ended":   {[]collect.ProcessRow{with(process(7, 0), func(p *collect.ProcessRow) { p.State = collect.Ended })}, nil, "what was watched has ended"},
	} {
		f := panetest.New(t, 100, 30)
		p := New(f.Screen).(*Pane)
		s := &collect.Snapshot{Interval: time.Second, Processes: c.processes, Threads: c.threads}
		f.Show(p, s)
		got := p.stillness(s)
		if len(got) != 1 || !strings.Contains(got[0].Text, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
