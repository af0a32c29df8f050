package live

import (
	"testing"
	"time"

	"pytop/bpf"
	"pytop/collect"
)

// TestStatus: how true the counts are, and why, while a process runs and after.
func TestStatus(t *testing.T) {
	attached := &links{}
	lossy := bpf.ProcessState{}
	lossy.Lost[bpf.LostFull] = 3
	for _, test := range []struct {
		name   string
		p      process
		status collect.CallsStatus
		reason string
	}{
		{"counts", process{links: attached}, collect.Exact, ""},
		{"counted until it ended", process{links: attached, gone: "ended"}, collect.Exact, ""},
		{"runs another program", process{gone: "runs another program"}, collect.Exact, ""},
		{"braked", process{braked: true, reason: "braked"}, collect.Off, "braked"},
		{"over the budget", process{overBudget: true, reason: "too dear"}, collect.Off, "too dear"},
		{"over the budget when it ended", process{overBudget: true, reason: "too dear", gone: "ended"}, collect.Off, "too dear"},
		{"lost", process{links: attached, state: lossy, gone: "ended"}, collect.LowerBound, "3 calls found no room for their function (room for 64: see --functions)"},
	} {
		if status, reason := test.p.status(64); status != test.status || reason != test.reason {
			t.Errorf("%s: %s %q, want %s %q", test.name, status, reason, test.status, test.reason)
		}
	}
}

// TestCPUKnown: the CPU time of an ended process counts as known when almost
// all that was counted lies within it.
func TestCPUKnown(t *testing.T) {
	b := &build{price: price{call: time.Microsecond}}
	p := process{build: b, cpuOK: true, spent: hits{calls: 1000}}
	for tail, want := range map[time.Duration]bool{0: true, 200 * time.Microsecond: true, 300 * time.Microsecond: false, time.Millisecond: false} {
		p.tail = tail
		if got := p.cpuKnown(); got != want {
			t.Errorf("%v of 1 ms after the last reading: known %v, want %v", tail, got, want)
		}
	}
	p.tail, p.cpuOK = 0, false
	if p.cpuKnown() {
		t.Error("known though it was never read")
	}
}

// TestEndedKeepsItsJudgement: a process that has ended is not let go for its cost.
func TestEndedKeepsItsJudgement(t *testing.T) {
	s := &Source{options: Options{Budget: 0.01}}
	p := &process{build: &build{price: price{call: time.Microsecond}}, links: &links{}, gone: "ended", cpu: time.Second, tax: time.Second}
	if err := s.holdOne(p, time.Now(), 0); err != nil || p.overBudget || p.links == nil {
		t.Errorf("%v, over the budget %v", err, p.overBudget)
	}
}
