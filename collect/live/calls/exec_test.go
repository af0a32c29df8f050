package calls_test

import (
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/livetest"
)

// TestEndedIsLeft: of several, one that has ended has no probe any more, and is
// not counted on.
func TestEndedIsLeft(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	stays, ends := livetest.Obeying(t, p), livetest.Obeying(t, p)
	o := live.Options{Probes: livetest.OnlyCalls, PIDs: []int{stays.Process.Pid, ends.Process.Pid}, Functions: 1024}
	probe := livetest.Made[*calls.Calls](&o)
	s, err := live.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	livetest.Read(t, s)
	ends.In.Close()
	ends.Wait()
	time.Sleep(100 * time.Millisecond)
	r := livetest.Read(t, s)
	time.Sleep(200 * time.Millisecond)
	again := livetest.Read(t, s)
	if a, b := r.Processes[1], again.Processes[1]; a.State != collect.Ended || a.Counted != b.Counted || b.Counted == 0 || b.Status != collect.Exact {
		t.Errorf("%+v, then %+v", a, b)
	}
	if r.Processes[0].Counted >= again.Processes[0].Counted {
		t.Error("the other is not counted on")
	}
	c := *probe
	if of, other := c.Attached(c.Targets.Order[1]), c.Attached(c.Targets.Order[0]); of || !other {
		t.Errorf("it has links: %t, and the other: %t", of, other)
	}
}

// TestExecUnseen: what exec'd and ended before it was known what it ran is
// counted, and said.
func TestExecUnseen(t *testing.T) {
	livetest.NeedRoot(t)
	_, c := livetest.ExecUnseen(t)
	nothingHeld(t, c)
}
