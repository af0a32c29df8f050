package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"pytop/collect"
)

func gilSnapshot() *collect.Snapshot {
	at := time.Unix(1000, 0)
	hog := collect.Place{File: "/srv/app/shop/pricing.py", Function: "Basket.discount", First: 38, Line: 41}
	reading := func(n uint64) *collect.Reading {
		d := time.Duration(n) * time.Second
		return &collect.Reading{
			Time: at.Add(d), Since: at,
			Processes: []collect.ProcessReading{{Process: &collect.Process{PID: 7, Python: "3.14.6", Command: "python3 shop.py"}, State: collect.Running, Status: collect.Exact, Counted: d}},
			Threads: []collect.ThreadReading{
				{ID: 1, PID: 7, TID: 7, Name: "python3", State: "sleeping", Measured: true, CPUKnown: true},
				{ID: 2, PID: 7, TID: 8, Name: "worker-1", State: "running", Place: hog, Measured: true, CPUKnown: true, Holds: 100 * n, Hold: d * 6 / 10, HoldMax: 212 * time.Millisecond,
					Holding: 12 * time.Millisecond, HoldHist: []uint64{0, 0, 5, 9, 1}, WaitHist: make([]uint64, 40), Caused: d},
				{ID: 3, PID: 7, TID: 9, Name: "worker-2", State: "sleeping", Measured: true, CPUKnown: true, Holds: 90 * n, Hold: d / 10, Waits: 80 * n, Wait: d * 8 / 10,
					WaitMax: 209 * time.Millisecond, Waiting: time.Millisecond},
			},
			GILs: []collect.GILReading{{
				ID: 4, PID: 7, Status: collect.GILExact, Measured: d, Holder: 8, HeldFor: 12 * time.Millisecond, Takes: 190 * n, Switches: 160 * n, Forced: 20 * n, Held: d * 7 / 10, Wait: d * 8 / 10,
				Pairs: []collect.GILPair{{From: 2, To: 3, FromTID: 8, ToTID: 9, Count: 80 * n}, {From: 3, To: 2, FromTID: 9, ToTID: 8, Count: 80 * n}},
				Blame: []collect.Blame{{Thread: 2, TID: 8, Stack: []collect.Place{hog, {File: "/srv/app/shop/cart.py", Function: "Cart.total", First: 1, Line: 9}}, Wait: d * 8 / 10, Steps: n}},
			}},
			Probes: []collect.Probe{{Name: "calls", Status: collect.ProbeOn}, {Name: "gil", Status: collect.ProbeOn}},
		}
	}
	return collect.Diff(reading(1), reading(2), 2)
}

// TestGILPane: what the pane must say, at each width, and no line too wide.
func TestGILPane(t *testing.T) {
	for _, size := range [][2]int{{60, 14}, {80, 24}, {120, 30}, {160, 50}} {
		for _, ascii := range []bool{false, true} {
			m := New(Options{ASCII: ascii})
			m.width, m.height = size[0], size[1]
			m.show(gilSnapshot())
			text := ansi.Strip(strings.Join(m.frame(), "\n"))
			for _, line := range m.frame() {
				if ansi.StringWidth(line) > size[0] {
					t.Errorf("%v: %d cells: %q", size, ansi.StringWidth(line), line)
				}
			}
			want := []string{"70 % held"}
			if size[1] >= 20 {
				want = append(want, "worker-1", "worker-2", "60 %", "80 %", "212 ms", "discount")
			}
			if size[0] >= 110 {
				want = append(want, "SWITCHES", "80/s", "worker-1 has it for 12 ms", "20 forced/s", "pricing.py:41")
			}
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("%v: no %q in\n%s", size, w, text)
				}
			}
			m.pane, m.thread = paneGIL, 2
			details := ansi.Strip(strings.Join(m.frame(), "\n"))
			if !strings.Contains(details, "THREAD") || size[1] >= 20 && !strings.Contains(details, "Cart.total") {
				t.Errorf("%v:\n%s", size, details)
			}
		}
	}
}

// TestGILSampled: estimates are marked, and what is not known is not 0.
func TestGILSampled(t *testing.T) {
	m := New(Options{})
	m.width, m.height = 140, 32
	s := gilSnapshot()
	s.GILs[0].Status = collect.GILSampled
	m.show(s)
	text := ansi.Strip(strings.Join(m.frame(), "\n"))
	for _, w := range []string{"~70 % held", "estimates", "blame: not measured"} {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
	if strings.Contains(text, "forced/s") {
		t.Error("forced drops are not known")
	}
}
