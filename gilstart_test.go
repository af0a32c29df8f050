package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestGILOfCommand: the GIL of a command is found after Python has begun to take
// it. Each run reports that, and from when on it is followed.
func TestGILOfCommand(t *testing.T) {
	needRoot(t)
	t.Parallel()
	const times = 1000
	for range 5 {
		got := pytop(t, "--budget", "off", "-o", "json", "--", systemPython, "testdata/workloads/start.py", fmt.Sprint(times), "0.5")
		if got.status != 0 {
			t.Fatalf("status %d: %s", got.status, got.err)
		}
		var s struct {
			Processes []struct {
				Status string `json:"gil_status"`
				Reason string `json:"gil_reason"`
			} `json:"processes"`
			GIL []struct {
				Status string `json:"gil_status"`
				Takes  uint64 `json:"takes"`
			} `json:"gil"`
		}
		if err := json.Unmarshal([]byte(got.out), &s); err != nil {
			t.Fatal(err)
		}
		if len(s.Processes) != 1 || len(s.GIL) != 1 {
			t.Fatalf("%+v", s)
		}
		p, g := s.Processes[0], s.GIL[0]
		if p.Status != "lower_bound" || g.Status != "lower_bound" || g.Takes < times ||
			!strings.HasPrefix(p.Reason, "followed from ") || !strings.HasSuffix(p.Reason, " on: takes before that, while Python started, are not counted") {
			t.Errorf("%+v, %+v", p, g)
		}
	}
}
