package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pytop/collect"
)

// freeReading is what there is of a process without a GIL after so many seconds.
func freeReading(n uint64) *collect.Reading {
	r := gilReading(n)
	d := time.Duration(n) * time.Second
	r.GILs = []collect.GILReading{}
	for i := range r.Threads {
		t := &r.Threads[i]
		*t = collect.ThreadReading{ID: t.ID, PID: t.PID, TID: t.TID, Name: t.Name, State: t.State, Place: t.Place, Measured: true, NoGIL: true, CPUKnown: true, WaitHist: make([]uint64, 40)}
	}
	one := &r.Threads[1]
	one.Waits, one.Wait, one.WaitMax, one.WaitHist[20] = 30*n, d/4, 77*time.Millisecond, 30*n
	one.Pauses, one.Pause, one.PauseMax = 2*n, d/10, 61*time.Millisecond
	r.Worlds = []collect.WorldReading{{
		ID: 9, PID: 7, Status: collect.GILExact, Measured: d, Pauses: 2 * n, Pause: d / 8, PauseMax: 62 * time.Millisecond,
		Stoppers: []collect.Stopper{{TID: 9, Pauses: 2 * n, Pause: d / 8, PauseMax: 62 * time.Millisecond}},
	}}
	return r
}

// TestFreePane: without a GIL the pane says so, and what there is instead; what
// is said of holds is not there, so that it cannot be 0.
func TestFreePane(t *testing.T) {
	for _, size := range [][2]int{{60, 14}, {80, 24}, {120, 30}, {160, 50}} {
		m := New(Options{})
		m.Width, m.Height = size[0], size[1]
		m.show(collect.Diff(freeReading(1), freeReading(2), 2))
		text := ansi.Strip(strings.Join(m.lines(), "\n"))
		for _, line := range m.lines() {
			if ansi.StringWidth(line) > size[0] {
				t.Errorf("%v: %d cells: %q", size, ansi.StringWidth(line), line)
			}
		}
		want := []string{"none (free-threaded)"}
		if size[1] >= 20 {
			want = append(want, "no GIL (free-threaded)", "worker-1", "25 %", "10 %", "77 ms", "pauses: 4, longest 62 ms", "13 % paused")
		}
		if size[0] >= 110 {
			if size[0] >= 160 {
				want = append(want, "61 ms", "30 ")
			}
			want = append(want, "STOPPED BY", "worker-2", "2.0 pauses/s", "30 waits/s", "runs", "Basket.discount")
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%v: no %q in\n%s", size, w, text)
			}
		}
		for _, not := range []string{"held", "takes/s", "SWITCHES", "blame", "caused"} {
			if size[1] >= 20 && strings.Contains(text, not) {
				t.Errorf("%v: %q in\n%s", size, not, text)
			}
		}
		m.Activate(gils(m))
		gils(m).Details.ID = 2
		details := ansi.Strip(strings.Join(m.lines(), "\n"))
		if size[1] >= 20 && (!strings.Contains(details, "60 for mutexes") || !strings.Contains(details, "pauses  4") || strings.Contains(details, "holds")) {
			t.Errorf("%v:\n%s", size, details)
		}
	}
	// And back: the columns are those of a GIL again.
	m := New(Options{})
	m.Width, m.Height = 120, 30
	m.show(collect.Diff(freeReading(1), freeReading(2), 2))
	m.show(gilSnapshot())
	if text := ansi.Strip(strings.Join(m.lines(), "\n")); !strings.Contains(text, "held") || strings.Contains(text, "free-threaded") {
		t.Error(text)
	}
}

// TestFreeOff: while the probes rest nothing is 0, and the reason is there.
func TestFreeOff(t *testing.T) {
	m := New(Options{})
	m.Width, m.Height = 120, 30
	prev, cur := freeReading(1), freeReading(2)
	cur.Worlds[0].Measured, cur.Worlds[0].Status = prev.Worlds[0].Measured, collect.GILOff
	cur.Probes[1] = collect.Probe{Name: "gil", Status: collect.ProbeOff, Reason: "probes would take ~9 % of a core"}
	m.show(collect.Diff(prev, cur, 2))
	text := ansi.Strip(strings.Join(m.lines(), "\n"))
	if !strings.Contains(text, "? paused") || !strings.Contains(text, "~9 % of a core") || strings.Contains(text, "0 % paused") {
		t.Error(text)
	}
}

// mixed is a process with a GIL and one without, after two seconds.
func mixed() *collect.Snapshot {
	add := func(r *collect.Reading, free *collect.Reading) *collect.Reading {
		for _, one := range free.Threads {
			one.ID, one.PID, one.TID = one.ID+100, 70, one.TID+100
			r.Threads = append(r.Threads, one)
		}
		free.Worlds[0].PID = 70
		r.Worlds = free.Worlds
		return r
	}
	return collect.Diff(add(gilReading(1), freeReading(1)), add(gilReading(2), freeReading(2)), 2)
}

// TestFreeMixed: beside a process with a GIL, threads without one have no holds.
func TestFreeMixed(t *testing.T) {
	m := New(Options{})
	m.Width, m.Height = 120, 40
	m.show(mixed())
	seen := false
	for _, line := range m.lines() {
		if text := ansi.Strip(line); strings.Contains(text, "77 ms") { // the wait of one without
			seen = true
			if !strings.Contains(text, "worker-1") || !strings.Contains(text, "—") || !strings.Contains(text, "25 %") || strings.Contains(text, " 0 ns") {
				t.Errorf("%q", text)
			}
		}
	}
	if !seen {
		t.Error(ansi.Strip(strings.Join(m.lines(), "\n")))
	}
	if last := gils(m).Threads.Row(gils(m).Threads.Len() - 1); !last.NoGIL { // whose holds are not known: the last, not as if they were 0
		t.Errorf("%+v", last)
	}
}

// TestFreeMixedPlain: as text each thread is once, where what is said applies.
func TestFreeMixedPlain(t *testing.T) {
	m := New(Options{})
	m.Shown = mixed()
	with, without, ok := strings.Cut(strings.Join(plainGIL(m, m.Shown), "\n"), "no GIL (free-threaded), pid 70")
	if !ok || !strings.Contains(with, " 8  ") || strings.Contains(with, " 108  ") || strings.Contains(without, " 8  ") || !strings.Contains(without, " 108  ") {
		t.Errorf("%s\n=====\n%s", with, without)
	}
}

// TestFreeBlame: a process that changes to a program without a GIL takes along
// neither who is to blame nor the keys for it.
func TestFreeBlame(t *testing.T) {
	m := New(Options{})
	m.Width, m.Height = 160, 40
	m.Activate(gils(m))
	m.show(gilSnapshot())
	if bar := ansi.Strip(m.keyBar()); !strings.Contains(bar, "b blame") || !strings.Contains(bar, "c counts") {
		t.Error(bar)
	}
	m.press(keyPress("b"))
	if text := ansi.Strip(strings.Join(m.lines(), "\n")); !strings.Contains(text, "BLAME") {
		t.Error(text)
	}
	m.show(collect.Diff(freeReading(1), freeReading(2), 2))
	if text := ansi.Strip(strings.Join(m.lines(), "\n")); strings.Contains(strings.ToLower(text), "blame") || !strings.Contains(text, "STOPPED BY") {
		t.Error(text)
	}
	if bar := ansi.Strip(m.keyBar()); strings.Contains(bar, "counts") || !strings.Contains(bar, "Enter") && !strings.Contains(bar, m.Signs.Enter) {
		t.Error(bar)
	}
}

// TestFreeAlone: on a narrow screen who stopped the world is under the threads
// of the active pane.
func TestFreeAlone(t *testing.T) {
	m := New(Options{})
	m.Width, m.Height = 80, 24
	m.show(collect.Diff(freeReading(1), freeReading(2), 2))
	if text := ansi.Strip(strings.Join(m.lines(), "\n")); strings.Contains(text, "STOPPED BY") {
		t.Error(text)
	}
	m.Activate(gils(m))
	text := ansi.Strip(strings.Join(m.lines(), "\n"))
	if pauses, stopped := strings.Index(text, "pauses: 4"), strings.Index(text, "STOPPED BY"); pauses < 0 || stopped < pauses || !strings.Contains(text[stopped:], "worker-2") {
		t.Error(text)
	}
}

// TestFreeReset: R counts pauses from then on.
func TestFreeReset(t *testing.T) {
	base, cur := freeReading(1), freeReading(3)
	s := collect.Diff(freeReading(2), cur, 3)
	gils(New(Options{})).Rebase(s, base, cur)
	w, one := s.Worlds[0], s.Threads[1]
	if w.Pauses != 4 || w.Pause != 250*time.Millisecond || w.StopperRows[0].Pauses != 4 || one.Pauses != 4 || one.Waits != 60 {
		t.Errorf("%+v\n%+v", w, one)
	}
	if cur.Worlds[0].Pauses != 6 || cur.Worlds[0].Stoppers[0].Pauses != 6 {
		t.Error("the reading was changed")
	}
}

// TestFreePlain: the table without a screen.
func TestFreePlain(t *testing.T) {
	m := New(Options{})
	s := collect.Diff(freeReading(1), freeReading(2), 2)
	text := strings.Join(plainGIL(m, s), "\n")
	for _, w := range []string{"no GIL (free-threaded), pid 7: paused 250 ms of 2 s", "stopped it, 4 pauses", "worker-1", "60", "77 ms"} {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
}

// TestStoppersInAll: who stopped the world is told by what it did in all, not
// in the last interval, on the screen and in the table.
func TestStoppersInAll(t *testing.T) {
	prev, cur := freeReading(9), freeReading(10)
	once := collect.Stopper{TID: 8, Pauses: 1, Pause: 5 * time.Millisecond, PauseMax: 5 * time.Millisecond}
	cur.Worlds[0].Stoppers = append(prev.Worlds[0].Stoppers, once) // alone in the last interval
	s := newScreen(t, 160, 45, Options{})
	s.show(collect.Diff(prev, cur, 2))
	if first := s.Shown.Worlds[0].StopperRows[0]; first.TID != once.TID {
		t.Fatalf("%+v", first)
	}
	s.wants("most by worker-2")
	text := s.text()
	if most, few := strings.Index(text, "18 pauses, "), strings.Index(text, "1 pause, 5 ms"); most < 0 || few < most {
		t.Error(text)
	}
	plain := strings.Join(plainGIL(s.Model, s.Shown), "\n")
	if most, few := strings.Index(plain, "worker-2 stopped it"), strings.Index(plain, "worker-1 stopped it"); most < 0 || few < most {
		t.Error(plain)
	}
	base := freeReading(9) // R: what was before is no longer there
	base.Worlds[0].Stoppers[0].Pauses, base.Worlds[0].Stoppers[0].Pause = cur.Worlds[0].Stoppers[0].Pauses, cur.Worlds[0].Stoppers[0].Pause
	s.show(snapshot(s.panes, prev, cur, base, 3))
	s.wants("most by worker-1", "1 pause, 5 ms in all")
	s.lacks(" 0 pauses", "×")
}

// TestFreeClick: there is no blame to open on the line of pauses.
func TestFreeClick(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 32}} {
		s := newScreen(t, size[0], size[1], Options{})
		s.show(collect.Diff(freeReading(1), freeReading(2), 2))
		s.press("tab")
		for y, line := range strings.Split(s.text(), "\n") {
			if strings.HasPrefix(line, " pauses:") {
				s.Update(tea.MouseClickMsg{X: 9, Y: y, Button: tea.MouseLeft})
			}
		}
		if gils(s).Blame.Open || !strings.Contains(s.text(), "pauses: 4") {
			t.Errorf("%v:\n%s", size, s.text())
		}
	}
}

// severalFree is two processes without a GIL, the second of which is stopped longer.
func severalFree() *collect.Snapshot {
	two := func(n uint64) *collect.Reading {
		r, other := freeReading(n), freeReading(n)
		r.Processes = append(r.Processes, collect.ProcessReading{Process: &collect.Process{PID: 70, Python: "3.13.5", Command: "python3 other.py"}, State: collect.Running, Status: collect.Exact})
		for _, one := range other.Threads {
			one.ID, one.PID, one.TID = one.ID+100, 70, one.TID+100
			r.Threads = append(r.Threads, one)
		}
		w := other.Worlds[0]
		w.ID, w.PID, w.Pause = 109, 70, w.Pause*2
		r.Worlds = append(r.Worlds, w)
		return r
	}
	return collect.Diff(two(1), two(2), 2)
}

// TestFreeOfMany: of several processes without a GIL it is said whose pauses
// stand there, and whose threads are listed; what never waited has no longest wait.
func TestFreeOfMany(t *testing.T) {
	s := newScreen(t, 160, 45, Options{})
	s.show(severalFree())
	s.wants("pauses: pid 70, the worst")
	s.Only = s.Shown.Processes[0].Process
	s.ShowOnly(s.Only)
	s.wants("pid 7 only")
	s.lacks("the worst")
	plain := strings.Join(plainGIL(s.Model, s.Shown), "\n")
	for _, want := range []string{"        pid        tid  thread", "         70        108  worker-1", "          7          8  worker-1"} {
		if !strings.Contains(plain, want) {
			t.Errorf("no %q in\n%s", want, plain)
		}
	}
	for _, line := range strings.Split(plain, "\n") {
		if strings.Contains(line, "9  worker-2 ") && (strings.Count(line, "—") != 2 || strings.Count(line, "0 ns") != 2) {
			t.Errorf("%q", line)
		}
	}
}

// TestTIDsStay: threads with equal names keep their TIDs when a process is
// chosen, before the next reading.
func TestTIDsStay(t *testing.T) {
	s := newScreen(t, 80, 24, Options{})
	both := mixed()
	both.Processes = append(both.Processes, collect.ProcessRow{ProcessReading: collect.ProcessReading{Process: &collect.Process{PID: 70}}})
	for i := range both.Threads {
		both.Threads[i].Name = "python3"
	}
	s.show(both)
	s.Only = both.Processes[1].Process
	s.ShowOnly(s.Only)
	if !strings.Contains(s.text(), "no GIL (free-threaded)") || gils(s).Threads.Columns[1].Leave != 0 {
		t.Errorf("the TIDs leave at %d", gils(s).Threads.Columns[1].Leave)
	}
}
