package collect

import (
	"testing"
	"time"
)

// TestDiffCtxSwitches: rates are of threads that were there before; a count that
// fell is another thread's, which has the number now.
func TestDiffCtxSwitches(t *testing.T) {
	at := time.Unix(1000, 0)
	prev := &Reading{Time: at, CtxSwitches: []ThreadSwitches{
		{PID: 1, TID: 1, Voluntary: 10, Involuntary: 1}, {PID: 1, TID: 2, Voluntary: 500}, {PID: 1, TID: 3, Voluntary: 7},
	}}
	cur := &Reading{Time: at.Add(2 * time.Second), CtxSwitches: []ThreadSwitches{
		{PID: 1, TID: 1, Voluntary: 30, Involuntary: 2}, {PID: 1, TID: 2, Voluntary: 4}, {PID: 1, TID: 4, Voluntary: 9},
	}}
	rows := Diff(prev, cur, 2).CtxSwitches
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	if r := rows[0]; !r.Counting || r.VoluntaryPerS != 10 || r.InvoluntaryPerS != 0.5 || r.Voluntary != 30 {
		t.Errorf("%+v", r)
	}
	for _, r := range rows[1:] {
		if r.Counting || r.VoluntaryPerS != 0 {
			t.Errorf("%+v", r)
		}
	}
	if first := Diff(nil, cur, 1).CtxSwitches; len(first) != 3 || first[0].Counting {
		t.Errorf("the first snapshot: %+v", first)
	}
	if none := Diff(prev, &Reading{Time: cur.Time}, 2).CtxSwitches; none != nil {
		t.Errorf("not measured: %+v", none)
	}
}
