package collect

import (
	"testing"
	"time"
)

// TestDiffTaxUnknown: what an ended process used in its last moments is often
// not known; its tax is then not 0 but unknown.
func TestDiffTaxUnknown(t *testing.T) {
	start := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	at := func(second int, state State, cpu, tax time.Duration, known bool) *Reading {
		return &Reading{Time: start.Add(time.Duration(second) * time.Second), Since: start, Processes: []ProcessReading{{
			Process: &Process{PID: 7, Start: start}, State: state, Status: Exact, Counted: time.Duration(second) * time.Second,
			Calls: uint64(second) * 100, CPU: cpu, CPUKnown: known, Tax: tax, TaxKnown: true,
		}}}
	}
	for _, test := range []struct {
		name      string
		prev, cur *Reading
		known     bool
		share     float64
	}{
		{"running", at(1, Running, 1e9, 1e8, true), at(2, Running, 2e9, 6e8, true), true, 0.5},
		{"asleep", at(1, Running, 1e9, 1e8, true), at(2, Running, 1e9, 1e8, true), true, 0},
		{"ended, its CPU time read after", at(1, Running, 1e9, 1e8, true), at(2, Ended, 2e9, 6e8, true), true, 0.5},
		{"ended, all but its end known", at(0, Running, 0, 0, true), at(9, Ended, 8e9, 4e9, true), true, 0.5},
		{"ended, its CPU time as before", at(1, Running, 1e9, 1e8, true), at(2, Ended, 1e9, 1e8, true), false, 0},
		{"ended, its CPU time not known", at(1, Running, 1e9, 1e8, true), at(2, Ended, 1e9, 1e8, false), false, 0},
		{"never known", at(1, Running, 0, 0, false), at(2, Running, 1e9, 1e8, true), false, 0},
	} {
		p := Diff(test.prev, test.cur, 2).Processes[0]
		if p.TaxKnown != test.known || p.TaxShare != test.share {
			t.Errorf("%s: tax %v, known %v; want %v, %v", test.name, p.TaxShare, p.TaxKnown, test.share, test.known)
		}
	}
}
