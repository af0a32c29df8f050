package tui

import (
	"testing"
	"time"

	"pytop/collect"
)

// endingReading is three processes with a GIL after so many seconds: the first
// runs on, and execs after two; the second ends after one second, the third
// after three.
func endingReading(n uint64) *collect.Reading {
	d := time.Duration(n) * time.Second
	r := &collect.Reading{Time: fakeStart.Add(d), Since: fakeStart, GILs: []collect.GILReading{}, Threads: []collect.ThreadReading{}}
	for i := range 3 {
		ends := []uint64{100, 1, 3}[i]
		lived := min(d, time.Duration(ends)*time.Second)
		p := collect.ProcessReading{
			Process: &collect.Process{PID: 7 + i, Start: fakeStart}, State: collect.Running, Status: collect.Exact, Counted: lived, Calls: 100 * min(n, ends),
			GIL: collect.ProcessGIL{Status: collect.GILExact, Held: lived / 2, Measured: lived},
		}
		switch {
		case n > ends:
			r.Past = append(r.Past, p)
			continue
		case n == ends:
			p.State = collect.Ended
		}
		if i == 0 && n > 2 {
			p.Process.Command = "exec"
		}
		r.Processes = append(r.Processes, p)
		r.GILs = append(r.GILs, collect.GILReading{ID: uint64(i + 1), PID: 7 + i, Status: collect.GILExact, Measured: lived, Held: lived / 2})
	}
	return r
}

// since is the snapshot between two readings, with totals counted from base.
func since(prev, cur, base *collect.Reading, seq int) *collect.Snapshot {
	return snapshot(New(Options{}).panes, prev, cur, base, seq)
}

// TestProcessReset: R counts from then on also what processes say of their GIL,
// of one that execs as well; those that ended before are no longer listed.
func TestProcessReset(t *testing.T) {
	base, cur := endingReading(2), endingReading(4)
	cur.PastMore = collect.Totals{Calls: 30}
	base.PastMore = collect.Totals{Calls: 10}
	base.Processes = append(base.Processes, collect.ProcessReading{Process: &collect.Process{PID: 99}, Calls: 15}) // which had 5 more
	s := since(endingReading(3), cur, base, 4)
	if len(s.Processes) != 1 || len(s.Past) != 1 {
		t.Fatalf("%+v\n%+v", s.Processes, s.Past)
	}
	one, ended := s.Processes[0], s.Past[0]
	if one.Calls != 200 || one.Counted != 2*time.Second || one.GIL.Measured != 2*time.Second || one.GIL.Held != time.Second {
		t.Errorf("%+v", one.ProcessReading)
	}
	if ended.Process.PID != 9 || ended.Calls != 100 || ended.Counted != time.Second || ended.GIL.Measured != time.Second || ended.GIL.Held != time.Second/2 {
		t.Errorf("%+v", ended)
	}
	if s.Totals.Calls != 305 {
		t.Errorf("%d calls", s.Totals.Calls)
	}
	if cur.Past[1].Calls != 300 || cur.Processes[0].GIL.Held != 2*time.Second {
		t.Error("the reading was changed")
	}
	if early := since(cur, endingReading(4), endingReading(1), 5); len(early.Past) != 1 || early.Past[0].Process.PID != 9 {
		t.Errorf("one that had ended is listed: %+v", early.Past)
	}
}

// TestResetHeldMost: of several GILs it is the one that was held most since.
func TestResetHeldMost(t *testing.T) {
	two := func(n uint64) *collect.Reading {
		r := endingReading(n)
		second := r.GILs[0]
		second.ID, second.Measured, second.Held = 50, time.Duration(n)*time.Second-2*time.Second, time.Duration(n)*time.Second-2*time.Second
		r.GILs = append(r.GILs, second)
		if n > 4 {
			r.Processes[0].GIL.Held, r.Processes[0].GIL.Measured = second.Held, second.Measured
		}
		return r
	}
	s := since(two(5), two(6), two(3), 6)
	if g := s.Processes[0].GIL; g.Held != 3*time.Second || g.Measured != 3*time.Second {
		t.Errorf("%+v", g)
	}
}

// TestLongestStays: what was longest before R is still there, though nothing
// of the kind has been since.
func TestLongestStays(t *testing.T) {
	cur := freeReading(2)
	s := newScreen(t, 160, 40, Options{})
	s.show(since(freeReading(1), cur, cur, 3))
	s.wants("77 ms", "61 ms")
}

// TestFunctionReset: R counts from then on also of processes that end after it,
// whose functions are then those of all that ended, by name.
func TestFunctionReset(t *testing.T) {
	code := func(id uint64, pid int, name string, calls uint64) collect.CodeCount {
		return collect.CodeCount{Code: &collect.Code{ID: id, PID: pid, File: "a.py", Function: name, Line: 3}, Calls: calls, Resumes: calls / 10}
	}
	reading := func(n int, codes ...collect.CodeCount) *collect.Reading {
		return &collect.Reading{Time: fakeStart.Add(time.Duration(n) * time.Second), Since: fakeStart, Codes: codes}
	}
	base := reading(1, code(1, 7, "f", 500), code(2, 0, "f", 70), code(3, 8, "f", 1_000_000), code(5, 9, "f", 2000), code(6, 9, "h", 400))
	for name, c := range map[string]struct {
		cur  *collect.Reading
		want []uint64
	}{
		"all run":      {reading(2, code(1, 7, "f", 510), code(2, 0, "f", 70), code(3, 8, "f", 1_000_010), code(5, 9, "f", 2000), code(6, 9, "h", 400)), []uint64{10, 0, 10, 0, 0}},
		"one ended":    {reading(2, code(1, 7, "f", 510), code(2, 0, "f", 1_000_080), code(5, 9, "f", 2020), code(6, 9, "h", 400)), []uint64{10, 10, 20, 0}},
		"two ended":    {reading(2, code(1, 7, "f", 510), code(2, 0, "f", 1_002_100), code(7, 0, "h", 430)), []uint64{10, 30, 30}},
		"all ended":    {reading(2, code(2, 0, "f", 1_002_610), code(7, 0, "h", 430), code(9, 0, "g", 20)), []uint64{40, 30, 20}},
		"another came": {reading(2, code(2, 0, "f", 1_002_610), code(7, 0, "h", 430), code(8, 99, "f", 40)), []uint64{40, 30, 40}},
	} {
		s := since(nil, c.cur, base, 2)
		for i, want := range c.want {
			if f := s.Functions[i]; f.Calls != want || f.Resumes != want/10 {
				t.Errorf("%s: %s of %d: %d calls, %d resumes; want %d", name, f.Code.Function, f.Code.PID, f.Calls, f.Resumes, want)
			}
		}
	}
}

// TestFoldedReset: what functions had before R is not in the row that stands for
// them since.
func TestFoldedReset(t *testing.T) {
	reading := func(n uint64, codes ...collect.CodeCount) *collect.Reading {
		r := endingReading(n)
		r.Codes = codes
		return r
	}
	a, b := &collect.Code{ID: 1, PID: 7, Start: fakeStart}, &collect.Code{ID: 2, PID: 7, Start: fakeStart}
	more := &collect.Code{ID: 3, PID: 7, Start: fakeStart, More: true}
	base := reading(1, collect.CodeCount{Code: a, Calls: 100}, collect.CodeCount{Code: b, Calls: 50})
	prev := reading(2, collect.CodeCount{Code: b, Calls: 60}, collect.CodeCount{Code: more, Calls: 105})
	cur := reading(3, collect.CodeCount{Code: more, Calls: 167})
	for _, test := range []struct {
		prev, cur, base *collect.Reading
		want            uint64
	}{{base, prev, base, 5}, {prev, cur, base, 17}, {prev, cur, prev, 2}, {prev, cur, cur, 0}} {
		rows := since(test.prev, test.cur, test.base, 3).Functions
		if got := rows[len(rows)-1].Calls; got != test.want {
			t.Errorf("%d calls since, want %d", got, test.want)
		}
	}
}
