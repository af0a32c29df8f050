package collect

import (
	"testing"
	"time"
)

func gilReadings() (prev, cur *Reading) {
	at := time.Unix(1000, 0)
	stack := []Place{{File: "a.py", Function: "hog", First: 3, Line: 5}}
	prev = &Reading{Time: at, Since: at, Threads: []ThreadReading{{ID: 1, PID: 7, TID: 7, Measured: true, Holds: 10, Hold: time.Second}},
		GILs: []GILReading{{ID: 1, PID: 7, Status: GILExact, Measured: time.Second, Takes: 10, Switches: 4, Held: time.Second,
			Pairs: []GILPair{{From: 1, To: 2, Count: 4, Wait: time.Second}}, Blame: []Blame{{Thread: 1, Stack: stack, Wait: time.Second}}}}}
	cur = &Reading{Time: at.Add(2 * time.Second), Since: at, Threads: []ThreadReading{
		{ID: 1, PID: 7, TID: 7, Measured: true, Holds: 30, Hold: 2 * time.Second, Wait: time.Second / 2, Caused: 3 * time.Second},
		{ID: 2, PID: 7, TID: 8, Measured: false},
	}, GILs: []GILReading{{ID: 1, PID: 7, Status: GILExact, Measured: 3 * time.Second, Takes: 30, Switches: 24, Forced: 2, Held: 2 * time.Second, Wait: 3 * time.Second,
		Pairs: []GILPair{{From: 2, To: 1, Count: 15}, {From: 1, To: 2, Count: 9, Wait: 2 * time.Second}}, Blame: []Blame{{Thread: 1, TID: 7, Stack: stack, Wait: 4 * time.Second}, {Wait: time.Second}}}}}
	return prev, cur
}

func TestDiffGIL(t *testing.T) {
	prev, cur := gilReadings()
	s := Diff(prev, cur, 2)
	g := s.GILs[0]
	if !g.Counting || g.TakesPerS != 10 || g.SwitchesPerS != 10 || g.ForcedPerS != 1 || g.HeldShare != 0.5 || g.WaitShare != 1.5 {
		t.Errorf("%+v", g)
	}
	if p := g.PairRows[0]; p.From != 2 || p.Delta != 15 || p.PerS != 7.5 || g.PairRows[1].Delta != 5 || g.PairRows[1].WaitShare != 0.5 || p.WaitShare != 0 {
		t.Errorf("pairs %+v", g.PairRows)
	}
	if b := g.Blamed[0]; b.Place.Function != "hog" || b.Delta != 3*time.Second || b.Share != 1.5 || b.Thread != 7 || len(g.Blamed) != 2 {
		t.Errorf("blamed %+v", g.Blamed)
	}
	if r := s.Threads[0]; !r.Counting || r.HoldShare != 0.5 || r.WaitShare != 0.25 || r.HoldsPerS != 10 || r.CausedShare != 1.5 {
		t.Errorf("%+v", r)
	}
	if s.Threads[1].Counting {
		t.Error("a thread that is not measured is taken for measured")
	}
	if first := Diff(nil, cur, 1); first.GILs[0].Switches != 24 || first.Threads[0].Holds != 30 {
		t.Errorf("%+v", first.GILs[0])
	}
	cur.GILs, cur.Threads = nil, nil
	if s = Diff(prev, cur, 3); s.GILs != nil || s.Threads != nil {
		t.Error("what is not measured is taken for nothing")
	}
}

// TestDiffMeasured: shares are of the time during which a GIL, or a process
// without one, was followed, of its threads as well.
func TestDiffMeasured(t *testing.T) {
	prev, cur := gilReadings()
	cur.GILs[0].Measured = 2 * time.Second // one second of two
	if s := Diff(prev, cur, 2); s.GILs[0].HeldShare != 1 || s.Threads[0].HoldShare != 1 || s.Threads[0].HoldsPerS != 20 {
		t.Errorf("%+v, thread %+v", s.GILs[0], s.Threads[0])
	}
	prev.GILs, cur.GILs = nil, nil
	prev.Worlds = []WorldReading{{ID: 1, PID: 7, Status: GILExact, Measured: time.Second}}
	for _, c := range []struct {
		status   GILStatus
		counting bool
	}{{GILExact, true}, {GILLowerBound, true}, {GILOff, false}} {
		cur.Worlds = []WorldReading{{ID: 1, PID: 7, Status: c.status, Measured: 2 * time.Second, Pause: time.Second / 2}}
		s := Diff(prev, cur, 2)
		if w, thread := s.Worlds[0], s.Threads[0]; w.Counting != c.counting || thread.Counting != c.counting || w.PauseShare != 0.5 || c.counting && thread.WaitShare != 0.5 {
			t.Errorf("%s: %+v, thread %+v", c.status, w, thread)
		}
	}
}

// TestDiffEstimated: whether a GIL's fields were read is asked of the interval;
// what functions caused in all is then of a part of the time.
func TestDiffEstimated(t *testing.T) {
	prev, cur := gilReadings()
	code := &Code{ID: 1, PID: 7, File: "a.py", Function: "hog", Line: 3}
	prev.Codes, cur.Codes = []CodeCount{{Code: code}}, []CodeCount{{Code: code}}
	for _, c := range []struct {
		before, now            time.Duration
		estimated, known, part bool
	}{
		{0, 0, false, true, false},
		{0, time.Second, true, false, true},
		{time.Second, time.Second, false, true, true},
	} {
		prev.GILs[0].Sampled, cur.GILs[0].Sampled = c.before, c.now
		s := Diff(prev, cur, 2)
		if g, f := s.GILs[0], s.Functions[0]; g.Estimated != c.estimated || f.CausedKnown != c.known || f.CausedPart != c.part {
			t.Errorf("sampled %v, then %v: estimated %v, known %v, a part %v", c.before, c.now, g.Estimated, f.CausedKnown, f.CausedPart)
		}
	}
}
