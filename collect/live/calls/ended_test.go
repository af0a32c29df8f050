package calls

import (
	"fmt"
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
	b := &build{price: callPrice{call: time.Microsecond}}
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
	p := &process{build: &build{price: callPrice{call: time.Microsecond}}, links: &links{}, gone: "ended", cpu: time.Second, tax: time.Second}
	if err := s.holdOne(p, time.Now(), 0); err != nil || p.overBudget || p.links == nil {
		t.Errorf("%v, over the budget %v", err, p.overBudget)
	}
}

// TestEndedAtLeast: what a process called that was not counted whole is a lower
// bound in the sums of those that ended.
func TestEndedAtLeast(t *testing.T) {
	table := newFunctions()
	for _, p := range []*process{{note: "its first calls are missing"}, {}} {
		p.gone, p.info = "ended", &collect.Process{PID: 1}
		name := "whole"
		if p.note != "" {
			name = "part"
		}
		table.of(p, objectName{"once.py", "both", 1}, false).done = counts{calls: 1}
		table.of(p, objectName{"once.py", name, 9}, false).done = counts{calls: 1}
		table.drop(map[*process]bool{p: true}, 0)
	}
	got := map[string]bool{}
	for _, c := range table.reading() {
		got[c.Code.Function] = c.AtLeast
	}
	if len(got) != 3 || !got["both"] || !got["part"] || got["whole"] {
		t.Errorf("%v", got)
	}
}

// TestEndedFunctions: processes that end leave their functions' sums behind, by
// name; of names that never come again not more and more are kept, and none of
// their calls is missing.
func TestEndedFunctions(t *testing.T) {
	table := newFunctions()
	const number = mostEnded + 1000
	for i := range number {
		p := &process{info: &collect.Process{PID: 1 + i}}
		f, main := table.of(p, objectName{"once.py", fmt.Sprint("f", i), 1}, false), table.of(p, objectName{"once.py", "main", 9}, true)
		f.done, f.base = counts{calls: 5}, counts{calls: 2}
		main.done = counts{calls: 1, resumes: 1}
		table.drop(map[*process]bool{p: true}, 0)
	}
	sum := map[string]counts{}
	for _, c := range table.reading() {
		n := sum[c.Code.Function]
		n.add(counts{c.Calls, c.Resumes})
		sum[c.Code.Function] = n
	}
	more := number + 1 - mostEnded // main has a name, too
	for name, want := range map[string]counts{"f0": {calls: 3}, "main": {number, number}, moreEnded.function: {calls: 3 * uint64(more)}} {
		if sum[name] != want {
			t.Errorf("%s: %+v, want %+v", name, sum[name], want)
		}
	}
	if n := len(table.all); n != mostEnded+1 || len(table.byKey) != n || len(sum) != n {
		t.Errorf("%d functions, %d by name, %d read; want %d", n, len(table.byKey), len(sum), mostEnded+1)
	}
}
