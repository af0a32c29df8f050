package live

import (
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live/target"
)

func TestEndReason(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	python := &target.Process{Program: target.Program{Build: &target.Build{}}, Gone: "ended", Info: &collect.Process{PID: 7}}
	shell := &target.Process{Gone: "ended", Info: &collect.Process{PID: 8}}
	for _, c := range []struct {
		order   []*target.Process
		dropped int
		want    string
	}{
		{[]*target.Process{python}, 0, "process 7 ended at 03:04:05"},
		{[]*target.Process{shell}, 0, "process 8 ended at 03:04:05"},
		{[]*target.Process{python, shell}, 0, "process 7 ended at 03:04:05"},
		{[]*target.Process{python}, 11, "all 12 processes ended, the last at 03:04:05"},
		{[]*target.Process{shell}, 1, "the process that was watched ended at 03:04:05"},
		{[]*target.Process{shell}, 2, "all 2 processes ended, the last at 03:04:05"},
	} {
		if got := endReason(c.order, c.dropped, at); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
