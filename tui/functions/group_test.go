package functions

import (
	"math"
	"testing"
	"time"

	"pytop/collect"
	"pytop/tui/panetest"
)

// TestGroupedSums: a row of several processes is the sum of all of them, also
// of the waits that they caused and over the last minute.
func TestGroupedSums(t *testing.T) {
	reading := func(n int) *collect.Reading {
		r := &collect.Reading{Time: panetest.Start.Add(time.Duration(n) * 3 * time.Second), Since: panetest.Start}
		for i, calls := range []uint64{1, 30, 300} { // per second
			p := &collect.Process{PID: 7 + i, Start: panetest.Start}
			r.Processes = append(r.Processes, collect.ProcessReading{Process: p, State: collect.Running, Status: collect.Exact, Counted: r.Time.Sub(panetest.Start), Calls: calls * 3 * uint64(n)})
			r.Codes = append(r.Codes, collect.CodeCount{Code: &collect.Code{ID: uint64(1 + i), PID: 7 + i, File: "a.py", Function: "f"}, Calls: calls * 3 * uint64(n)})
		}
		return r
	}
	frame := panetest.New(t, 160, 40)
	s := New(frame.Screen).(*Pane)
	for n := range 5 {
		s.record.history.add(collect.Diff(reading(n), reading(n+1), n+2))
	}
	shown := collect.Diff(reading(4), reading(5), 6)
	for i, share := range []float64{0, 0.25, 0.5} {
		f := &shown.Functions[i]
		f.CausedShare, f.CausedKnown, f.Caused = share, i > 0, time.Duration(share*1e9)
	}
	s.together = true
	frame.Show(s, shown)
	f := s.Rows.Row(0)
	ended := collect.FunctionRow{Code: &collect.Code{ID: 1, File: "a.py", Function: "f"}} // by name: makes nobody wait
	if rows := s.grouped([]function{{FunctionRow: &ended}, {FunctionRow: &shown.Functions[1]}}); len(rows) != 1 || !rows[0].CausedKnown || rows[0].bounded {
		t.Errorf("%+v", rows)
	}
	if f.group != 3 || f.CallsPerS != 331 || f.CausedShare != 0.75 || f.Caused != 750*time.Millisecond || !f.CausedKnown || !f.bounded {
		t.Errorf("%+v, %+v", f, f.FunctionRow)
	}
	if got := s.record.lastMinute(f); len(got) != trendCells || math.Abs(got[trendCells-1]-331) > 2 || s.record.trend(s.Signs, f) == "" {
		t.Errorf("the last minute: %v", got)
	}
	if shown.Functions[0].CausedShare != 0 {
		t.Error("the snapshot was changed")
	}
	for _, c := range []struct{ a, b, want []float64 }{
		{nil, nil, nil}, {nil, []float64{1, 2}, []float64{1, 2}}, {[]float64{1, 2}, nil, []float64{1, 2}},
		{[]float64{1, math.NaN(), math.NaN()}, []float64{2, 3, math.NaN()}, []float64{3, 3, math.NaN()}},
	} {
		if got := addPoints(c.a, c.b); shape(got) != shape(c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%v and %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// TestGroupedProcesses: × counts processes, not functions; how many ended is
// not known.
func TestGroupedProcesses(t *testing.T) {
	row := func(id uint64, pid int) function {
		return function{FunctionRow: &collect.FunctionRow{Code: &collect.Code{ID: id, PID: pid, File: "a.py", Function: "f"}}}
	}
	m := New(panetest.New(t, 100, 30).Screen).(*Pane)
	m.together = true
	for want, rows := range map[string][]function{
		"7":     {row(1, 7), row(2, 7)},
		"×2":    {row(1, 7), row(2, 8), row(3, 7)},
		"×3+":   {row(1, 7), row(2, 0), row(3, 8)},
		"×2+":   {row(1, 0), row(2, 8)},
		"ended": {row(1, 0)},
	} {
		if got := m.grouped(rows); len(got) != 1 || pidCell(m.Signs, &got[0]) != want {
			t.Errorf("%d rows, %q, want %q", len(got), pidCell(m.Signs, &got[0]), want)
		}
	}
}
