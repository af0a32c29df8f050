package functions

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pytop/collect"
	"pytop/tui/panetest"
)

// steady is a process that calls one function 100 times a second, after so
// long, of which so much was counted; its clock is put back by back.
func steady(after, counted, back time.Duration) *collect.Reading {
	calls := uint64(counted / (10 * time.Millisecond))
	return &collect.Reading{
		Time: panetest.Start.Add(after - back), Since: panetest.Start,
		Processes: []collect.ProcessReading{{Process: &collect.Process{PID: 7, Start: panetest.Start}, State: collect.Running, Status: collect.Exact, Counted: counted, Calls: calls}},
		Codes:     []collect.CodeCount{{Code: &collect.Code{ID: 1, PID: 7}, Calls: calls}},
	}
}

// shape is a chart's points in letters: a hole is a dot.
func shape(values []float64) string {
	var text string
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			text += "."
		case v == 0:
			text += "0"
		case math.Abs(v-100) < 1:
			text += "x"
		default:
			text += fmt.Sprintf("(%.0f)", v)
		}
	}
	return text
}

// TestSuspendedIsHole: an interval of which little was counted is no line.
func TestSuspendedIsHole(t *testing.T) {
	for name, c := range map[string]struct {
		counted time.Duration // of the 60 s
		want    string
	}{
		"counted before it": {500 * time.Millisecond, "xxx....................xxx"},
		"counted after it":  {10 * time.Millisecond, "xxx....................xxx"},
		"counted mostly":    {40 * time.Second, "xxxxxxxxxxxxxxxxxxxxxxxxxx"},
	} {
		t.Run(name, func(t *testing.T) {
			var h history
			after, counted := time.Duration(0), time.Duration(0)
			last := steady(0, 0, 0)
			pass := func(by, of time.Duration) {
				after, counted = after+by, counted+of
				now := steady(after, counted, 0)
				h.add(collect.Diff(last, now, 2))
				last = now
			}
			for range 9 {
				pass(time.Second, time.Second)
			}
			pass(time.Minute, c.counted)
			for range 9 {
				pass(time.Second, time.Second)
			}
			for of, got := range map[string][]float64{"all": h.total(), "the function": h.last(1, points)} {
				if got := shape(got[points-26:]); got != c.want {
					t.Errorf("%s: %s, want %s", of, got, c.want)
				}
			}
		})
	}
}

// TestEndedIsHole: one that ended before goes on to be counted, and says
// nothing of the others.
func TestEndedIsHole(t *testing.T) {
	ended := collect.ProcessRow{ProcessReading: collect.ProcessReading{Process: &collect.Process{PID: 8}, State: collect.Ended}, Counting: true, CountedDelta: time.Minute}
	s := collect.Diff(steady(time.Second, time.Second, 0), steady(61*time.Second, 1500*time.Millisecond, 0), 2)
	s.Processes = append(s.Processes, ended)
	if !hole(s) {
		t.Error("of an ended process a minute was counted, which is taken for all")
	}
	s.Processes[1].CallsDelta = 1
	if hole(s) {
		t.Error("it ran until it ended, and was counted")
	}
	s.Processes = s.Processes[1:]
	s.Processes[0].CallsDelta, s.Final = 0, true
	if hole(s) {
		t.Error("the last interval of one that did nothing was counted")
	}
}

// TestClockPutBack: charts go on when the wall clock is put back.
func TestClockPutBack(t *testing.T) {
	var h history
	last := steady(0, 0, 0)
	for n := range 30 {
		after, back := time.Duration(n+1)*time.Second, time.Duration(0)
		if n >= 10 {
			back = time.Hour
		}
		now := steady(after, after, back)
		s := collect.Diff(last, now, 2)
		s.Interval = time.Second // as the monotonic clock of a live reading has it
		h.add(s)
		last = now
	}
	if got := shape(slices.DeleteFunc(h.total(), math.IsNaN)); got != "xxxxxxxxxx" {
		t.Errorf("30 s in points of 3 s: %s", got)
	}
}

// TestShortLivesChart: the chart is of what was called, however shortly those
// lived who called it.
func TestShortLivesChart(t *testing.T) {
	var h history
	prev, cur := steady(time.Second, time.Second, 0), steady(2*time.Second, 2*time.Second, 0)
	for i := range 50 {
		lives := time.Second - time.Duration(i)*20*time.Millisecond
		cur.Processes = append(cur.Processes, collect.ProcessReading{
			Process: &collect.Process{PID: 100 + i, Start: cur.Time.Add(-lives)}, State: collect.Ended, Status: collect.Exact, Counted: lives, Calls: 1000,
		})
	}
	h.add(collect.Diff(prev, cur, 2))
	if got := h.total(); math.Round(got[len(got)-1]) != 50_100 {
		t.Errorf("%v calls/s, want 50,100", got[len(got)-1])
	}
}

// TestQuiet: it is known for how many readings a function has not run, up to
// when it is among those that are idle.
func TestQuiet(t *testing.T) {
	var h history
	last := steady(0, 0, 0)
	for n := range 3 + quietEnd + 2 {
		after := time.Duration(n+1) * time.Second
		now := steady(after, after, 0)
		if n >= 3 { // it went to 0
			now.Codes[0].Calls = last.Codes[0].Calls
		}
		s := collect.Diff(last, now, 2)
		h.add(s)
		if got, want := int(h.rows(s)[0].quiet), min(max(0, n-2), quietEnd); got != want {
			t.Errorf("reading %d: quiet for %d readings, want %d", n, got, want)
		}
		last = now
	}
}
