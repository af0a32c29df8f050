package live_test

import (
	"errors"
	"strings"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestMovedCode: a process that runs a copy of its code, all of it or a part, is
// refused for that; one that moves it later is a lower bound from then on.
func TestMovedCode(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		for _, how := range []string{"move", "move part"} {
			t.Run(p.Name+"/"+how, func(t *testing.T) {
				w := p.Start(t, p.Workloads(t)+"/remap.py")
				w.Obey(t, how, "did")
				for range 3 {
					s, err := live.Open(live.Options{PIDs: []int{w.Process.Pid}, Probes: livetest.OnlyCalls})
					if err == nil {
						s.Close()
					}
					if !errors.Is(err, live.ErrMoved) {
						t.Fatalf("it is attached to, or refused for another reason: %v", err)
					}
				}
			})
		}
		t.Run(p.Name+"/later", func(t *testing.T) {
			w := p.Start(t, p.Workloads(t)+"/remap.py")
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			w.Obey(t, "call 1000", "did")
			if got := livetest.Read(t, s); livetest.Calls(got)["counted"] != 1000 || got.Processes[0].Status != collect.Exact {
				t.Errorf("%d calls, %s %q", livetest.Calls(got)["counted"], got.Processes[0].Status, got.Processes[0].Reason)
			}
			w.Obey(t, "move", "did")
			w.Obey(t, "call 1000", "did")
			for range 3 {
				got := livetest.Read(t, s)
				if p := got.Processes[0]; livetest.Calls(got)["counted"] != 1000 || p.Status != collect.LowerBound || !strings.Contains(p.Reason, "it moved its code to anonymous memory") {
					t.Errorf("%d calls, %s %q", livetest.Calls(got)["counted"], p.Status, p.Reason)
				}
			}
		})
	}
}
