package tui

import (
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

const outOfTurn = "2 takes or drops came out of turn"

// TestGILBounded: where not all was seen, all that is said of the GIL is at
// least that, and the reason is on the screen.
func TestGILBounded(t *testing.T) {
	s := newScreen(t, 200, 45, Options{})
	shopBounded(s, 4, 0, outOfTurn)
	s.wants("! GIL: lower bound: "+outOfTurn, "≥90 % held", "≥20 forced/s", "≥60 %", "≥212 ms", "made others wait ≥80 %", "≥2.4 s in all", "SWITCHES/s (≥)")
	for i := range gils(s).Threads.Len() {
		row := gils(s).Threads.Row(i)
		for _, c := range gils(s).Threads.Columns {
			switch text := c.Cell(row, c.Width); c.Field {
			case "hold_share", "wait_share", "holds_per_s", "caused_wait_share", "hold_max_s", "wait_max_s":
				if !strings.HasPrefix(text, "≥") && text != "?" {
					t.Errorf("%s of %s is %q", c.Field, row.Name, text)
				}
			}
		}
	}
	if cell := cell(procs(s).Rows.Table, "gil_held_share", procs(s).Rows.Row(0)); cell != "≥90.0" {
		t.Errorf("GIL %% is %q", cell)
	}
	if cell := cell(calls(s).Rows.Table, "caused_wait_share", calls(s).Rows.Row(0)); !strings.HasPrefix(cell, "≥") {
		t.Errorf("caused wait is %q", cell)
	}
	s.press("tab", "enter").wants("holds   ≥90, ≥1.8 s in all, longest ≥212 ms, ≥", "waits   ?", "caused  ≥2.4 s", "worker-2 ≥25 %, ≥750 ms in all", "made others wait ≥2.4 s")
	s.press("b").wants("≥80 %       ≥2.4 s  Basket.discount", "made others wait ≥2.4 s")
	s.press("b", "tab", "g", "j", "j", "enter").wants("caused wait ≥80 % now   ≥2.4 s in all")

	var b strings.Builder
	if err := Table(&b, s.Shown, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"! GIL: lower bound: " + outOfTurn, "held ≥90 %", "made others wait ≥2.4 s", "≥1.8 s"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// TestGILExactUnmarked: where all was seen nothing is marked.
func TestGILExactUnmarked(t *testing.T) {
	s := newScreen(t, 200, 45, Options{})
	shop(s, 4, 0)
	s.lacks("≥", "lower bound")
}

// TestGILSince: of one process it is said how its GIL is followed.
func TestGILSince(t *testing.T) {
	const since = "followed from 14:00:12.300 on: what it did before is not measured"
	s := newScreen(t, 160, 45, Options{})
	shop(s, 4, 0)
	s.Shown.Processes[0].GIL = collect.ProcessGIL{Status: collect.GILExact, Reason: since}
	s.wants(since)
	s.lacks("lower bound")
	many := collect.Diff(manyReading(1), manyReading(2), 2)
	many.Processes[1].GIL.Reason = since
	s.show(many)
	s.lacks(since)
	s.Only = many.Processes[1].Process
	s.ShowOnly(s.Only)
	s.wants("pid 9 only   " + since)
}

// TestGILBegan: where only the beginning is missing, the interval that it is in is
// a lower bound; later ones are not marked, and it is said since when.
func TestGILBegan(t *testing.T) {
	const since = "followed from 14:00:12.300 on: takes before that, while Python started, are not counted"
	s := newScreen(t, 160, 45, Options{})
	shopBounded(s, 4, 0, since)
	begin := s.Shown.Begin()
	for _, c := range []struct {
		from    time.Time
		bounded bool
	}{{begin.Add(time.Millisecond), true}, {begin, false}} {
		next := *s.Shown
		next.Processes = append([]collect.ProcessRow(nil), s.Shown.Processes...)
		next.Processes[0].GIL.From = c.from
		s.show(&next)
		s.wants(since)
		if c.bounded {
			s.wants("! GIL: lower bound: "+since, "≥90 % held", "SWITCHES/s (≥)")
		} else {
			s.lacks("lower bound", "≥")
		}
	}
}

// TestFreeBounded: the same where there is no GIL.
func TestFreeBounded(t *testing.T) {
	const why = "its probes rested for 3 s"
	bounded := func() *collect.Snapshot {
		s := collect.Diff(freeReading(1), freeReading(2), 2)
		s.Processes[0].GIL = collect.ProcessGIL{Status: collect.GILOff, None: true, Reason: "it runs free-threaded: there is no GIL; " + why}
		s.Worlds[0].Status = collect.GILLowerBound
		return s
	}
	s := newScreen(t, 160, 45, Options{})
	s.show(bounded())
	s.wants("! waits and pauses: lower bound: "+why, "≥13 % paused", "≥30 waits/s", "≥25 %", "≥77 ms", "pauses: ≥4, longest ≥62 ms", "≥250 ms in all", "≥4 pauses, ≥250 ms")
	s.press("tab", "enter").wants("≥60 for mutexes, ≥500 ms in all, longest ≥77 ms", "pauses  ≥4, ≥200 ms in all, longest ≥61 ms", "parked  ?")
	var b strings.Builder
	if err := Table(&b, s.Shown, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"paused ≥250 ms of 2 s · ≥4 pauses, longest ≥62 ms", "≥60", "≥77 ms"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	none := bounded()
	none.Worlds[0].Pauses, none.Worlds[0].Pause, none.Worlds[0].StopperRows = 0, 0, nil
	s.press("esc").show(none)
	s.wants("pauses: none was seen")
	shop(s, 3, time.Second)
	s.lacks("waits and pauses: lower bound")
}
