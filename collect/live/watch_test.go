package live_test

import (
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// TestNeverThere: of several that were asked for, one that is not there says
// that it is not watched.
func TestNeverThere(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	w := obeying(t, p)
	const none = 1 << 22 // above every PID
	s, err := Open(Options{PIDs: []int{w.Process.Pid, none}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := read(t, s).Processes[1]; got.Status != collect.Off || got.Process.Python != "" || !strings.HasPrefix(got.Reason, "it is not watched: ") {
		t.Errorf("%s: %q", got.Status, got.Reason)
	}
}

func TestEndReason(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	python := &process{build: &build{}, gone: "ended", info: &collect.Process{PID: 7}}
	shell := &process{gone: "ended", info: &collect.Process{PID: 8}}
	for _, c := range []struct {
		order   []*process
		dropped int
		want    string
	}{
		{[]*process{python}, 0, "process 7 ended at 03:04:05"},
		{[]*process{shell}, 0, "process 8 ended at 03:04:05"},
		{[]*process{python, shell}, 0, "process 7 ended at 03:04:05"},
		{[]*process{python}, 11, "all 12 processes ended, the last at 03:04:05"},
		{[]*process{shell}, 1, "the process that was watched ended at 03:04:05"},
		{[]*process{shell}, 2, "all 2 processes ended, the last at 03:04:05"},
	} {
		if got := endReason(c.order, c.dropped, at); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
