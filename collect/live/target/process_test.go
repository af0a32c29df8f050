package target

import (
	"testing"
	"time"

	"pytop/collect/live/price"
)

// TestCPUKnown: the CPU time of an ended process counts as known when almost
// all that was counted lies within it.
func TestCPUKnown(t *testing.T) {
	known := func(tail time.Duration, ever bool) bool {
		paid := make([]price.Account, 1)
		paid[0].Add(time.Millisecond - tail)
		price.Pay(paid, time.Second)
		paid[0].Add(tail)
		p := &Process{Program: Program{Build: &Build{}}, Usage: Usage{CPUKnown: ever, Accounts: paid}}
		return p.Reading().CPUKnown
	}
	for tail, want := range map[time.Duration]bool{0: true, 200 * time.Microsecond: true, 300 * time.Microsecond: false, time.Millisecond: false} {
		if got := known(tail, true); got != want {
			t.Errorf("%v of 1 ms after the last reading: known %v, want %v", tail, got, want)
		}
	}
	if known(0, false) {
		t.Error("known though it was never read")
	}
}
