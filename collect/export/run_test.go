package export

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"pytop/collect"
)

var errNoMore = errors.New("read after the last reading")

// played is a source that plays what it is given; reading on is an error.
type played struct {
	readings []*collect.Reading
	then     func() // called when the last one is read
}

func (p *played) Read() (*collect.Reading, error) {
	if len(p.readings) == 0 {
		return nil, errNoMore
	}
	r := p.readings[0]
	p.readings = p.readings[1:]
	if len(p.readings) == 0 && p.then != nil {
		p.then()
	}
	return r, nil
}

func (p *played) Close() error { return nil }

// ran is a reading after so many milliseconds and calls.
func ran(ms int, calls uint64, final bool) *collect.Reading {
	start := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	after := time.Duration(ms) * time.Millisecond
	r := &collect.Reading{
		Time: start.Add(after), Since: start, Final: final,
		Processes: []collect.ProcessReading{{
			Process: &collect.Process{PID: 7, Start: start}, State: collect.Running, Status: collect.Exact, Counted: after,
			Calls: calls, CPU: after, CPUKnown: true, Tax: after / 4, TaxKnown: true,
		}},
		Codes: []collect.CodeCount{{Code: &collect.Code{ID: 1, PID: 7, Function: "f"}, Calls: calls}},
	}
	if final {
		r.EndReason = "process 7 ended"
	}
	return r
}

// TestRunFromReady: the first interval begins when the source was ready, not
// at the first reading, and differences add up to the totals.
func TestRunFromReady(t *testing.T) {
	for _, whole := range []bool{false, true} {
		source := &played{readings: []*collect.Reading{ran(40, 1000, false), ran(80, 1500, false), ran(120, 1600, true)}}
		var got []*collect.Snapshot
		last, err := Run(context.Background(), source, RunOptions{Delay: time.Millisecond, Whole: whole}, func(s *collect.Snapshot) error {
			got = append(got, s)
			return nil
		})
		if err != nil || last != got[len(got)-1] {
			t.Fatal(err)
		}
		want := []uint64{1500, 100}
		intervals := []time.Duration{80 * time.Millisecond, 40 * time.Millisecond}
		if whole {
			want, intervals = []uint64{1600}, []time.Duration{120 * time.Millisecond}
		}
		if len(got) != len(want) {
			t.Fatalf("%d snapshots, want %d", len(got), len(want))
		}
		for i, s := range got {
			if s.Totals.CallsDelta != want[i] || s.Functions[0].CallsDelta != want[i] || s.Interval != intervals[i] || s.Processes[0].CountedDelta != intervals[i] {
				t.Errorf("whole %v, %d: %d calls in %v, counted %v; want %d in %v", whole, i, s.Totals.CallsDelta, s.Interval, s.Processes[0].CountedDelta, want[i], intervals[i])
			}
		}
		if !last.Final || last.EndReason != "process 7 ended" {
			t.Errorf("final %v: %q", last.Final, last.EndReason)
		}
	}
}

// TestRunEndedAtOnce: a first reading that is final is the whole run, and
// nothing is read after it.
func TestRunEndedAtOnce(t *testing.T) {
	for _, whole := range []bool{false, true} {
		s, err := Run(context.Background(), &played{readings: []*collect.Reading{ran(40, 1000, true)}}, RunOptions{Delay: time.Hour, Whole: whole},
			func(*collect.Snapshot) error { return nil })
		if err != nil || s.Totals.Calls != 1000 || s.Totals.CallsDelta != 1000 || !s.Final || s.Seq != 1 {
			t.Errorf("%v: %+v", err, s)
		}
	}
}

// TestRunSaysWhy: the last snapshot says why it is the last.
func TestRunSaysWhy(t *testing.T) {
	two := func() []*collect.Reading { return []*collect.Reading{ran(40, 1000, false), ran(80, 1500, false)} }
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	ended := make(chan struct{})
	close(ended)
	for want, run := range map[string]struct {
		ctx context.Context
		o   RunOptions
	}{
		"pytop was told to end":               {cancelled, RunOptions{Delay: time.Hour}},
		"the time that was asked for is over": {context.Background(), RunOptions{Delay: time.Hour, Duration: time.Millisecond}},
		"as many readings as were asked for":  {context.Background(), RunOptions{Delay: time.Millisecond, Count: 1}},
		"there is nothing more to count":      {context.Background(), RunOptions{Delay: time.Hour, Ended: ended}},
	} {
		s, err := Run(run.ctx, &played{readings: two()}, run.o, func(*collect.Snapshot) error { return nil })
		if err != nil || !s.Final || s.EndReason != want {
			t.Errorf("%q (%v), want %q", s.EndReason, err, want)
		}
	}
}

// TestRunWriteFails: the writer's error ends the run.
func TestRunWriteFails(t *testing.T) {
	full := errors.New("disk full")
	source := &played{readings: []*collect.Reading{ran(40, 1000, false), ran(80, 1500, false)}}
	if _, err := Run(context.Background(), source, RunOptions{Delay: time.Millisecond}, func(*collect.Snapshot) error { return full }); !errors.Is(err, full) {
		t.Errorf("%v, want %v", err, full)
	}
}

// TestRunReadFails: a failed reading ends the run, and what was read before it
// is written, once.
func TestRunReadFails(t *testing.T) {
	for name, test := range map[string]struct {
		readings []*collect.Reading
		whole    bool
		deltas   []uint64 // of the snapshots
	}{
		"whole":        {[]*collect.Reading{ran(40, 1000, false), ran(80, 1500, false), ran(120, 1600, false)}, true, []uint64{1600}},
		"whole, early": {[]*collect.Reading{ran(40, 1000, false)}, true, []uint64{1000}},
		"each":         {[]*collect.Reading{ran(40, 1000, false), ran(80, 1500, false), ran(120, 1600, false)}, false, []uint64{1500, 100, 0}},
		"each, early":  {[]*collect.Reading{ran(40, 1000, false)}, false, []uint64{1000}},
		"nothing":      {nil, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var deltas []uint64
			var final []bool
			last, err := Run(context.Background(), &played{readings: test.readings}, RunOptions{Delay: time.Millisecond, Whole: test.whole}, func(s *collect.Snapshot) error {
				deltas, final = append(deltas, s.Totals.CallsDelta), append(final, s.Final)
				return nil
			})
			if !errors.Is(err, errNoMore) || !slices.Equal(deltas, test.deltas) {
				t.Fatalf("%v, calls %d; want %v, %d", err, deltas, errNoMore, test.deltas)
			}
			if len(deltas) == 0 {
				return
			}
			if !last.Final || last.EndReason != "reading failed: "+errNoMore.Error() || slices.Index(final, true) != len(final)-1 {
				t.Errorf("final %v: %q", final, last.EndReason)
			}
		})
	}
	// The reading's error is why the run ended, not that of a reader who is gone.
	_, err := Run(context.Background(), &played{readings: []*collect.Reading{ran(40, 1000, false)}}, RunOptions{Delay: time.Millisecond}, func(*collect.Snapshot) error { return syscall.EPIPE })
	if !errors.Is(err, errNoMore) || errors.Is(err, syscall.EPIPE) {
		t.Errorf("%v, want %v", err, errNoMore)
	}
}
