package live_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestStack compares the stack of each thread of a process that is followed
// with what the program says itself.
func TestStack(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := p.Start(t, p.Workloads(t)+"/gil.py", "stacks", "1")
			s := livetest.Open(t, w, live.Options{Probes: []string{collect.GIL.Name}})
			if probe := livetest.Read(t, s).Probes[1]; probe.Status != collect.ProbeOn {
				t.Fatalf("the GIL is not followed: %s", probe.Reason)
			}
			w.In.Write([]byte("go\n"))
			var said struct {
				Stacks map[string][][3]any `json:"stacks"`
			}
			if err := json.Unmarshal([]byte(w.Line(t, "{")), &said); err != nil {
				t.Fatal(err)
			}
			for tid, want := range said.Stacks {
				var n int
				if _, err := fmt.Sscan(tid, &n); err != nil {
					t.Fatal(err)
				}
				if n == w.Process.Pid {
					continue // it goes on
				}
				one, err := s.Stack(w.Process.Pid, n)
				if err != nil || one.Reason != "" {
					t.Fatalf("%v %+v", err, one)
				}
				livetest.SameStack(t, one.Stack, want)
			}
			if one, err := s.Stack(w.Process.Pid, 1); err != nil || one.Reason == "" {
				t.Errorf("a stack of another process's thread: %v %+v", err, one)
			}
		})
	}
}
