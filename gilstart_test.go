package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// gilRows is what is written of the GILs of processes.
type gilRows struct {
	Processes []struct {
		PID    int    `json:"pid"`
		Status string `json:"gil_status"`
		Reason string `json:"gil_reason"`
	} `json:"processes"`
	GIL []struct {
		Status string `json:"gil_status"`
		Takes  uint64 `json:"takes"`
	} `json:"gil"`
}

// gilOf runs a command under pytop to its end, and returns what is written then.
func gilOf(t *testing.T, args ...string) (rows gilRows) {
	t.Helper()
	got := pytop(t, append([]string{"--budget", "off", "-o", "json"}, args...)...)
	if got.status != 0 {
		t.Fatalf("status %d: %s", got.status, got.err)
	}
	if err := json.Unmarshal([]byte(got.out), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestGILOfCommand: the GIL of a command is found after Python has begun to take
// it. Each run reports that, and from when on it is followed.
func TestGILOfCommand(t *testing.T) {
	needRoot(t)
	t.Parallel()
	const times = 1000
	for range 5 {
		s := gilOf(t, "--", systemPython, "testdata/workloads/start.py", fmt.Sprint(times), "0.5")
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

// TestGILOfCommandsChildren: so it is with each Python that a command starts.
func TestGILOfCommandsChildren(t *testing.T) {
	needRoot(t)
	t.Parallel()
	one := systemPython + " testdata/workloads/start.py 1000 0.8; "
	s := gilOf(t, "-d", "60s", "--children", "--", "/bin/sh", "-c", one+one+"true")
	if len(s.Processes) != 2 || len(s.GIL) != 2 {
		t.Fatalf("%+v", s)
	}
	for i, p := range s.Processes {
		if p.Status != "lower_bound" || s.GIL[i].Status != "lower_bound" || !strings.HasPrefix(p.Reason, "followed from ") {
			t.Errorf("%+v, %+v", p, s.GIL[i])
		}
	}
}
