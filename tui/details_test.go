package tui

import (
	"testing"
	"time"

	"pytop/collect"
)

// TestDetailsOfOne: the details are of the function of one process, also when
// those of all are together and another one calls it too, first or later seen.
func TestDetailsOfOne(t *testing.T) {
	code := func(id uint64, pid int) *collect.Code {
		return &collect.Code{ID: id, PID: pid, File: "/srv/a.py", Function: "f", Line: 3}
	}
	mine, earlier, later := code(5, 7), code(2, 8), code(9, 8)
	reading := func(n int, codes ...collect.CodeCount) *collect.Reading {
		r := &collect.Reading{Time: fakeStart.Add(time.Duration(n) * time.Second), Since: fakeStart, Codes: codes}
		for _, pid := range []int{7, 8} {
			r.Processes = append(r.Processes, collect.ProcessReading{Process: &collect.Process{PID: pid, Start: fakeStart}, State: collect.Running, Status: collect.Exact, Counted: time.Duration(n) * time.Second})
		}
		return r
	}
	for name, other := range map[string]*collect.Code{"earlier": earlier, "later": later} {
		s := newScreen(t, 100, 40, Options{})
		s.show(collect.Diff(reading(1), reading(2, collect.CodeCount{Code: mine, Calls: 30}), 2))
		s.press("P", "j", "enter")
		s.wants("DETAILS  f", "pid 7  /srv/a.py:3", "30 calls since", "30 now")
		codes := []collect.CodeCount{{Code: mine, Calls: 70}, {Code: other, Calls: 5000}}
		if other.ID < mine.ID {
			codes[0], codes[1] = codes[1], codes[0]
		}
		s.show(collect.Diff(reading(2, collect.CodeCount{Code: mine, Calls: 30}), reading(3, codes...), 3))
		s.wants("pid 7  /srv/a.py:3", "70 calls since", "40 now")
		if t.Failed() {
			t.Fatal(name)
		}
	}
}
