package calls

import (
	"fmt"
	"testing"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/price"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
)

// TestStatus: how true the counts are, and why, while a process runs and after.
func TestStatus(t *testing.T) {
	attached := &links{}
	lossy := bpf.ProcessState{}
	lossy.Lost[bpf.LostFull] = 3
	one := &target.Build{}
	used := target.Usage{CPU: 3 * time.Second, CPUKnown: true}
	since := silence{build: one, cpu: 2 * time.Second, total: counts{calls: 5}}
	const silent = "busy, and not one call was counted: it runs C code or a loop without calls, or its calls pass no probe"
	for _, test := range []struct {
		name   string
		p      process
		status collect.CallsStatus
		reason string
	}{
		{"counts", process{links: attached}, collect.Exact, ""},
		{"counted until it ended", process{links: attached, Process: &target.Process{Gone: "ended"}}, collect.Exact, ""},
		{"runs another program", process{Process: &target.Process{Gone: "runs another program"}}, collect.Exact, ""},
		{"braked", process{Process: &target.Process{Braked: true}, reason: "braked"}, collect.Off, "braked"},
		{"over the budget", process{overBudget: true, reason: "too dear"}, collect.Off, "too dear"},
		{"over the budget when it ended", process{overBudget: true, reason: "too dear", Process: &target.Process{Gone: "ended"}}, collect.Off, "too dear"},
		{"lost", process{links: attached, Process: &target.Process{State: lossy, Gone: "ended"}}, collect.LowerBound, "3 calls found no room for their function (room for 64: see --functions)"},
		{"busy and silent", process{links: attached, silent: since, total: counts{calls: 5}, Process: &target.Process{Usage: used}}, collect.LowerBound, silent},
		{"busy and silent until it ended", process{links: attached, silent: since, total: counts{calls: 5}, Process: &target.Process{Usage: used, Gone: "ended"}}, collect.LowerBound, silent},
		{"busy, and one call was counted", process{links: attached, silent: since, total: counts{calls: 6}, Process: &target.Process{Usage: used}}, collect.Exact, ""},
		{"busy, and one resume was counted", process{links: attached, silent: since, total: counts{calls: 5, resumes: 1}, Process: &target.Process{Usage: used}}, collect.Exact, ""},
		{"silent and idle", process{links: attached, silent: silence{build: one, cpu: 2500 * time.Millisecond}, Process: &target.Process{Usage: used}}, collect.Exact, ""},
	} {
		if test.p.Process == nil {
			test.p.Process = &target.Process{}
		}
		if status, reason := test.p.status(64); status != test.status || reason != test.reason {
			t.Errorf("%s: %s %q, want %s %q", test.name, status, reason, test.status, test.reason)
		}
	}
}

// TestEndedKeepsItsJudgement: a process that has ended is not let go for its cost.
func TestEndedKeepsItsJudgement(t *testing.T) {
	c := &Calls{Host: &probe.Host{Options: probe.Options{Budget: 0.01}}}
	used := target.Usage{CPU: time.Second, Accounts: []price.Account{{Overhead: time.Second}}}
	p := &process{calls: c, links: &links{}, Process: &target.Process{Gone: "ended", Usage: used}}
	if err := c.judge(p, time.Now(), 0); err != nil || p.overBudget || p.links == nil {
		t.Errorf("%v, over the budget %v", err, p.overBudget)
	}
}

// TestEndedAtLeast: what a process called that was not counted whole is a lower
// bound in the sums of those that ended.
func TestEndedAtLeast(t *testing.T) {
	table := newFunctions()
	for _, note := range []string{"its first calls are missing", ""} {
		p := &process{Process: &target.Process{Gone: "ended", Note: note, Info: &collect.Process{PID: 1}}}
		name := "whole"
		if note != "" {
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
		p := &process{Process: &target.Process{Info: &collect.Process{PID: 1 + i}}}
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
	for name, want := range map[string]counts{"f0": {calls: 3}, "main": {number, number}, restOfEnded.function: {calls: 3 * uint64(more)}} {
		if sum[name] != want {
			t.Errorf("%s: %+v, want %+v", name, sum[name], want)
		}
	}
	if n := len(table.all); n != mostEnded+1 || len(table.byKey) != n || len(sum) != n {
		t.Errorf("%d functions, %d by name, %d read; want %d", n, len(table.byKey), len(sum), mostEnded+1)
	}
}
