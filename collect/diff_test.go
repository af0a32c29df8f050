package collect

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func madeUp(second int, counted time.Duration, codes ...CodeCount) *Reading {
	var calls, resumes uint64
	for _, c := range codes {
		calls += c.Calls
		resumes += c.Resumes
	}
	return &Reading{
		Time: noon.Add(time.Duration(second) * time.Second), Since: noon, Codes: codes,
		Processes: []ProcessReading{{
			Process: &Process{PID: 7, Start: noon}, Status: Exact, Counted: counted, Calls: calls, Resumes: resumes,
			CPU: time.Duration(second) * time.Second, CPUKnown: true, Tax: time.Duration(second) * 100 * time.Millisecond, TaxKnown: true,
		}},
		Self: Self{CPU: time.Duration(second) * 20 * time.Millisecond},
	}
}

func TestDiff(t *testing.T) {
	a, b, c := &Code{ID: 1, PID: 7, Function: "a"}, &Code{ID: 2, PID: 7, Function: "b"}, &Code{ID: 5, PID: 7, Function: "c"}
	prev := madeUp(1, time.Second, CodeCount{Code: a, Calls: 10}, CodeCount{Code: c, Calls: 30, Resumes: 4, HasResumes: true})
	cur := madeUp(3, 3*time.Second, CodeCount{Code: a, Calls: 30}, CodeCount{Code: b, Calls: 20}, CodeCount{Code: c, Calls: 30, Resumes: 8, HasResumes: true})
	s := Diff(prev, cur, 2)

	want := []FunctionRow{
		{Code: a, Calls: 30, CallsDelta: 20, CallsPerS: 10, CallsShare: 0.5, Status: Exact},
		{Code: b, Calls: 20, CallsDelta: 20, CallsPerS: 10, CallsShare: 0.5, Status: Exact},
		{Code: c, Calls: 30, Resumes: 8, ResumesDelta: 4, ResumesPerS: 2, HasResumes: true, Status: Exact},
	}
	if d := cmp.Diff(want, s.Functions); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Totals{Calls: 80, CallsDelta: 40, CallsPerS: 20, Resumes: 8, ResumesDelta: 4, ResumesPerS: 2}, s.Totals); d != "" {
		t.Error(d)
	}
	if s.Interval != 2*time.Second || s.Self.CPUShare != 0.02 {
		t.Errorf("interval %v, own CPU %v", s.Interval, s.Self.CPUShare)
	}
	if p := s.Processes[0]; !p.TaxKnown || p.TaxShare < 0.0999 || p.TaxShare > 0.1001 {
		t.Errorf("tax %v %v", p.TaxShare, p.TaxKnown)
	}
}

// Rates are of the time that was counted, not of the interval.
func TestDiffBraked(t *testing.T) {
	a := &Code{ID: 1, PID: 7}
	s := Diff(madeUp(1, time.Second, CodeCount{Code: a, Calls: 10}), madeUp(5, 2*time.Second, CodeCount{Code: a, Calls: 20}), 2)
	if got := s.Functions[0].CallsPerS; got != 10 {
		t.Errorf("calls/s %v, want 10: 10 calls in the one second counted of four", got)
	}
	s = Diff(madeUp(1, time.Second, CodeCount{Code: a, Calls: 10}), madeUp(5, time.Second, CodeCount{Code: a, Calls: 10}), 3)
	if s.Processes[0].Counting || s.Processes[0].CallsPerS != 0 {
		t.Errorf("counting %v at %v calls/s while detached", s.Processes[0].Counting, s.Processes[0].CallsPerS)
	}
}

func TestDiffFirst(t *testing.T) {
	s := Diff(nil, madeUp(0, 0, CodeCount{Code: &Code{ID: 1, PID: 7}, Calls: 3}), 1)
	if s.Interval != 0 || s.Functions[0].Calls != 3 || s.Functions[0].CallsPerS != 0 || s.Processes[0].TaxKnown {
		t.Errorf("first snapshot: %+v", s)
	}
}

// A hit that is read before it is undone must not wrap around.
func TestDiffShrinks(t *testing.T) {
	a := &Code{ID: 1, PID: 7}
	s := Diff(madeUp(1, time.Second, CodeCount{Code: a, Calls: 11}), madeUp(2, 2*time.Second, CodeCount{Code: a, Calls: 10}), 2)
	if got := s.Functions[0].CallsDelta; got != 0 {
		t.Errorf("delta %d, want 0", got)
	}
}

// An exec makes a new Process of the same PID and start: counts go on.
func TestDiffExec(t *testing.T) {
	a := &Code{ID: 1, PID: 7}
	prev, cur := madeUp(1, time.Second, CodeCount{Code: a, Calls: 1000}), madeUp(2, 2*time.Second, CodeCount{Code: a, Calls: 1001})
	cur.Processes[0].Process = &Process{PID: 7, Start: noon, Python: "3.15.0"}
	if got := Diff(prev, cur, 2).Totals.CallsDelta; got != 1 {
		t.Errorf("delta %d, want 1", got)
	}
}

func BenchmarkDiff65536(b *testing.B) {
	var codes []CodeCount
	for i := range 65536 {
		codes = append(codes, CodeCount{Code: &Code{ID: uint64(i + 1), PID: 7}, Calls: uint64(i)})
	}
	prev, cur := madeUp(1, time.Second, codes...), madeUp(2, 2*time.Second, codes...)
	b.ReportAllocs()
	for b.Loop() {
		Diff(prev, cur, 2)
	}
}

// manyShort is a second in which a parent ran, and 50 workers one after the other.
func manyShort() (prev, cur *Reading) {
	at := func(start time.Time, pid int, state State, counted time.Duration, calls uint64) ProcessReading {
		return ProcessReading{Process: &Process{PID: pid, Start: start}, State: state, Status: Exact, Counted: counted, Calls: calls}
	}
	code := func(pid int, calls uint64) CodeCount {
		return CodeCount{Code: &Code{ID: uint64(pid), PID: pid}, Calls: calls}
	}
	prev = &Reading{Time: noon.Add(time.Second), Since: noon, Processes: []ProcessReading{at(noon, 1, Running, time.Second, 10)}, Codes: []CodeCount{code(1, 10)}}
	cur = &Reading{Time: noon.Add(2 * time.Second), Since: noon, Processes: []ProcessReading{at(noon, 1, Running, 2*time.Second, 20)}, Codes: []CodeCount{code(1, 20)}}
	for i := range 50 {
		lives := time.Second - time.Duration(i)*20*time.Millisecond
		cur.Processes = append(cur.Processes, at(cur.Time.Add(-lives), 2+i, Ended, lives, 1000))
		cur.Codes = append(cur.Codes, code(2+i, 1000))
	}
	return prev, cur
}

// Rates of processes that live shortly sum up to the calls of the interval.
func TestDiffShortLives(t *testing.T) {
	prev, cur := manyShort()
	s := Diff(prev, cur, 2)
	if got := math.Round(s.Totals.CallsPerS); got != 50_010 {
		t.Errorf("%v calls/s, want the 50,010 calls of the second", got)
	}
	var sum float64
	for i, f := range s.Functions {
		sum += f.CallsPerS
		if p := s.Processes[i]; !p.Counting || p.CountedDelta != s.Interval || f.CallsPerS != p.CallsPerS {
			t.Errorf("%d: %v, and its function %v calls/s, counted %v", p.Process.PID, p.CallsPerS, f.CallsPerS, p.CountedDelta)
		}
	}
	if math.Round(sum) != 50_010 {
		t.Errorf("functions: %v calls/s", sum)
	}
}

// A process that has ended makes no more calls: its rate is that of the whole
// interval, whenever in it the end was noticed, and whether it was there before.
func TestDiffEnded(t *testing.T) {
	p := ProcessReading{Process: &Process{PID: 7, Start: noon.Add(time.Second)}, State: Ended, Status: Exact, Counted: 50 * time.Millisecond, Calls: 1000}
	prev, cur := &Reading{Time: noon.Add(2 * time.Second), Since: noon}, &Reading{Time: noon.Add(4 * time.Second), Since: noon, Processes: []ProcessReading{p}}
	if row := Diff(prev, cur, 2).Processes[0]; row.CallsPerS != 500 {
		t.Errorf("%v calls/s of 1000 in 2 s", row.CallsPerS)
	}
	p.State, p.Counted, p.Calls = Running, 40*time.Millisecond, 200
	prev.Processes = []ProcessReading{p}
	if row := Diff(prev, cur, 2).Processes[0]; row.CallsPerS != 400 {
		t.Errorf("%v calls/s of 800 in 2 s", row.CallsPerS)
	}
	if row := Diff(cur, cur, 2).Processes[0]; row.Counting {
		t.Errorf("it counts after its end: %+v", row)
	}
}

// TestDiffAtLeast: sums of processes that ended are exact only when all were.
func TestDiffAtLeast(t *testing.T) {
	cur := &Reading{Time: noon.Add(time.Second), Since: noon, Codes: []CodeCount{
		{Code: &Code{ID: 1, Function: "whole"}, Calls: 5}, {Code: &Code{ID: 2, Function: "part"}, Calls: 5, AtLeast: true},
	}}
	if rows := Diff(nil, cur, 2).Functions; rows[0].Status != Exact || rows[1].Status != LowerBound {
		t.Errorf("%v and %v", rows[0].Status, rows[1].Status)
	}
}

// TestDiffRegained: of an interval at whose very end the probes came back no rate
// is known.
func TestDiffRegained(t *testing.T) {
	at := func(second int, counted time.Duration) *Reading {
		return &Reading{
			Time: noon.Add(time.Duration(second) * time.Second), Since: noon,
			Processes: []ProcessReading{{Process: &Process{PID: 7, Start: noon}, Status: Exact, Counted: counted, Calls: 5}},
			GILs:      []GILReading{{ID: 1, PID: 7, Status: GILExact, Measured: counted}},
			Worlds:    []WorldReading{{ID: 2, PID: 7, Status: GILExact, Measured: counted}},
		}
	}
	for counted, want := range map[time.Duration]bool{time.Millisecond: false, 49 * time.Millisecond: false, 50 * time.Millisecond: true, time.Second: true} {
		s := Diff(at(1, time.Second), at(2, time.Second+counted), 2)
		if s.Processes[0].Counting != want || s.GILs[0].Counting != want || s.Worlds[0].Counting != want {
			t.Errorf("counted for %v: %v, %v and %v", counted, s.Processes[0].Counting, s.GILs[0].Counting, s.Worlds[0].Counting)
		}
	}
}

// Of a process that was counted for half of its life, half of the interval was counted.
func TestDiffNoticedLate(t *testing.T) {
	for want, p := range map[time.Duration]ProcessReading{
		time.Second:            {Process: &Process{PID: 7, Start: noon.Add(2 * time.Second)}, Counted: 500 * time.Millisecond},
		500 * time.Millisecond: {Process: &Process{PID: 7, Start: noon.Add(-time.Hour)}, Counted: 500 * time.Millisecond},
		0:                      {Process: &Process{PID: 7, Start: noon.Add(2 * time.Second)}},
		2 * time.Second:        {Process: &Process{PID: 7, Start: noon.Add(time.Hour)}, Counted: 500 * time.Millisecond}, // the clock was put back
	} {
		cur := &Reading{Time: noon.Add(3 * time.Second), Since: noon, Processes: []ProcessReading{p}}
		row := Diff(&Reading{Time: noon.Add(time.Second), Since: noon}, cur, 2).Processes[0]
		if row.CountedDelta != want || row.Counting != (want > 0) {
			t.Errorf("started %v, counted %v: %v, counting %v; want %v", p.Process.Start, p.Counted, row.CountedDelta, row.Counting, want)
		}
	}
}
