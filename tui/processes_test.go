package tui

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
)

// fakeList is a made-up machine; of its processes those in watched are
// counted, none: it is a list.
type fakeList struct {
	clock   func() time.Time
	rows    []collect.ProcessReading
	n       int
	watched bool
	closed  bool
	past    []collect.ProcessReading
}

func newFakeList(clock func() time.Time) *fakeList {
	l := &fakeList{clock: clock}
	add := func(pid, own int, python, build, command, user, in, method, reason string, threads int, memory uint64, age time.Duration) {
		l.rows = append(l.rows, collect.ProcessReading{
			Process: &collect.Process{PID: pid, OwnPID: own, Python: python, Build: build, Command: command, User: user, Container: in, Start: fakeStart.Add(-age)},
			State:   collect.Running, Status: collect.Off, Method: method, Reason: reason, Threads: threads, Memory: memory, CPUKnown: true,
		})
	}
	add(812, 812, "3.11.2", "stripped static address", "/usr/bin/python3 /usr/bin/unattended-upgrades --wait", "root", "unattended-upgrades.service", "2 sites (computed-goto table, 2 handlers)", "", 2, 24e6, 200*time.Hour)
	add(4711, 1, "3.14.6", "stripped static address tail-call", "/srv/app/.venv/bin/python3 /srv/app/bin/gunicorn shop.wsgi --workers 4", "app", "docker 3f2a9c01b7de", "19 sites (tail-call table, 3 handlers, 15 inlined copies)", "", 1, 61e6, 131*time.Minute)
	add(4719, 8, "3.14.6", "stripped static address tail-call", "/srv/app/.venv/bin/python3 /srv/app/bin/gunicorn shop.wsgi --workers 4", "app", "docker 3f2a9c01b7de", "19 sites (tail-call table, 3 handlers, 15 inlined copies)", "", 9, 188e6, 130*time.Minute)
	add(5002, 5002, "3.16", "", "python3.16 -m asyncio", "eva", "", "", "/usr/bin/python3.16: CPython 3.16 is newer than this pytop knows", 1, 12e6, 40*time.Second)
	add(5003, 5003, "3.12.1", "", "python données.py --évident \x1b[31m", "1000990", "chroot /srv/ch", "", "", 4, 33e6, 3*time.Second)
	return l
}

func (l *fakeList) Read() (*collect.Reading, error) {
	l.n++
	r := &collect.Reading{Time: l.clock(), Since: fakeStart, Host: "web-1", Self: collect.Self{CPU: time.Duration(l.n) * time.Millisecond, Memory: 21e6}, Past: l.past}
	for i, p := range l.rows {
		if l.watched && i != 1 && i != 2 {
			continue
		}
		p.CPU = time.Duration(l.n) * time.Duration(i*i) * 40 * time.Millisecond
		if l.watched {
			n := uint64(l.n * (i*1000 + 500))
			p.Status, p.Counted, p.Calls, p.TaxKnown, p.Tax = collect.Exact, time.Duration(l.n)*time.Second, n, true, p.CPU/time.Duration(8+i*10)
			if i == 2 {
				p.Status, p.Reason = collect.LowerBound, "a JIT compiler runs in it: calls inside compiled traces are not seen"
			}
			r.Codes = append(r.Codes,
				collect.CodeCount{Code: &collect.Code{ID: uint64(i*2 + 1), PID: p.Process.PID, Start: p.Process.Start, File: "/srv/app/shop/pricing.py", Function: "discount", Line: 41}, Calls: n - 100},
				collect.CodeCount{Code: &collect.Code{ID: uint64(i*2 + 2), PID: p.Process.PID, Start: p.Process.Start, File: "/srv/app/shop/views.py", Function: []string{"", "master", "worker"}[i], Line: 9}, Calls: 100})
		}
		r.Processes = append(r.Processes, p)
	}
	if l.watched {
		r.Codes = append(r.Codes, collect.CodeCount{Code: &collect.Code{ID: 90, File: "/srv/app/shop/pricing.py", Function: "discount", Line: 41}, Calls: 1234})
		r.Probes = []collect.Probe{{Name: "calls", Status: collect.ProbeOn}, {Name: "gil", Status: collect.ProbeMissing}}
	}
	return r, nil
}

func (l *fakeList) Close() error { l.closed = true; return nil }

func listScreen(t *testing.T, width, height int, ascii bool) (*screen, *[]int) {
	t.Helper()
	s := &screen{t: t, clock: fakeStart}
	clock := func() time.Time { return s.clock }
	asked := &[]int{}
	o := Options{List: newFakeList(clock), Version: "pytop 0.1.0", ASCII: ascii}
	o.Watch = func(_ context.Context, pids []int) (collect.Source, error) {
		*asked = pids
		l := newFakeList(clock)
		l.watched, l.past = true, l.rows[:1]
		if len(pids) == 1 && pids[0] == 5002 {
			return nil, errFake
		}
		return l, nil
	}
	s.Model = New(o)
	s.Now = clock
	s.Update(tea.WindowSizeMsg{Width: width, Height: height})
	return s.run(2), asked
}

// enter watches what is chosen, and lets some readings pass.
func (s *screen) enter() *screen {
	_, cmd := s.Update(keyPress("enter"))
	msg := cmd()
	_, next := s.Update(msg)
	s.do(next)
	return s.readings(2)
}

var processScenes = map[string]func(s *screen){
	"list":     func(*screen) {},
	"marked":   func(s *screen) { s.press("j", "space", "space") },
	"chosen":   func(s *screen) { s.press("/", "d", "o", "c", "k") },
	"watched":  func(s *screen) { s.press("j").enter() },
	"several":  func(s *screen) { s.press("j").enter().press("tab", "tab") },
	"one":      func(s *screen) { s.press("j").enter().press("tab", "tab", "enter") },
	"together": func(s *screen) { s.press("j").enter().press("P"); s.message.text = "" },
}

func TestProcesses(t *testing.T) {
	sizes := map[string][2]int{"60x20": {60, 20}, "80x24": {80, 24}, "100x30": {100, 30}, "160x45": {160, 45}, "250x60": {250, 60}}
	for name, scene := range processScenes {
		for size, wh := range sizes {
			t.Run(name+"/"+size, func(t *testing.T) {
				s, _ := listScreen(t, wh[0], wh[1], false)
				scene(s)
				golden(t, s.text())
			})
		}
		t.Run(name+"/widths", func(t *testing.T) {
			s, _ := listScreen(t, 100, 30, false)
			scene(s)
			for w := 1; w <= 200; w += 1 + w/40 {
				for _, h := range []int{1, 10, 13, 24, 60} {
					s.Update(tea.WindowSizeMsg{Width: w, Height: h})
					s.checked()
				}
			}
		})
	}
}

func TestListKeys(t *testing.T) {
	s, asked := listScreen(t, 120, 30, false)
	s.wants("5 CPythons", "3 can be counted", "1 cannot", "no probe is attached")
	s.press("space", "space").enter()
	if len(*asked) != 2 {
		t.Errorf("asked for %v, want two that were marked", *asked)
	}
	s.wants("2 processes", "discount")
	was := s.Source.(*fakeList)
	s.press("q")
	s.wants("5 CPythons", "no probe is attached")
	if !was.closed {
		t.Error("what was watched is not closed")
	}
	s.press("/", "5", "0", "0", "2", "enter")
	_, cmd := s.Update(keyPress("enter"))
	s.Update(cmd())
	s.wants("made up", "CPython")
	s.press("esc")
	s.wants("PROCESSES  5")
	s.press("j", "j").enter()
	s.press("esc")
	s.wants("no probe is attached")
	if procs(s).FilterText() != "" || strings.Contains(s.text(), "marked ·") {
		t.Error("the list is not as it was")
	}
}
