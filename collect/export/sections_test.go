package export

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"pytop/collect"
)

// rich is a reading in which every section has something, after n seconds:
// of process 4711 all is measured, 4712 has no GIL, of 4713 the GIL's fields
// are read, and 4714 is detached.
func rich(n uint64) *collect.Reading {
	d := time.Duration(n) * time.Second
	return &collect.Reading{
		Time: noon.Add(d), Since: noon, Host: "web-1", Processes: richProcesses(n), Focus: 1,
		Past: []collect.ProcessReading{
			{Process: &collect.Process{PID: 4000, Start: noon, Python: "3.13.1", Command: "worker.py"}, State: collect.Ended, Status: collect.Exact, Counted: time.Second, Calls: 9,
				GIL: collect.ProcessGIL{Status: collect.GILExact, Measured: time.Second, Held: time.Second / 2}},
			{Process: &collect.Process{PID: 4001}, State: collect.Ended, Status: collect.LowerBound, Reason: "seen late", Calls: 3, Resumes: 1},
		},
		PastMore: collect.Totals{Calls: 2, Resumes: 1},
		Codes: []collect.CodeCount{
			{Code: &collect.Code{ID: 1, PID: 4711, Start: noon, File: "a.py", Function: "hog", Line: 3}, Calls: 1000 * n},
			{Code: &collect.Code{ID: 2, PID: 4711, Start: noon, File: "a.py", Function: "gen", Line: 9}, Calls: n, Resumes: 7 * n, HasResumes: true},
			{Code: &collect.Code{ID: 3, PID: 4713, Start: noon, File: "b.py", Function: "<lambda>", Line: 1}, Calls: 2 * n},
			{Code: &collect.Code{ID: 4, PID: 4711, Start: noon, More: true}, Calls: 5 * n},
			{Code: &collect.Code{ID: 5, File: "c.py", Function: "gone", Line: 2}, Calls: 4, AtLeast: true},
		},
		ByThread: []collect.ThreadCount{{TID: 4711, Name: "main", Calls: n}},
		Threads:  richThreads(n), GILs: richGILs(n),
		Worlds: []collect.WorldReading{
			{ID: 3, PID: 4712, Status: collect.GILExact, Measured: d, Pauses: n, Pause: d / 8, PauseMax: time.Second / 8, Pausing: time.Millisecond,
				Stoppers: []collect.Stopper{{TID: 4712, Pauses: n, Pause: d / 8, PauseMax: time.Second / 8}, {Pauses: 1}}},
			{ID: 4, PID: 4715, Status: collect.GILOff},
		},
		Probes: []collect.Probe{
			{Name: "calls", Status: collect.ProbeOn, Method: "3 sites", Hits: 17 * n, Lost: 1, Cost: 1500 * time.Nanosecond},
			{Name: "gil", Status: collect.ProbeFailed, Reason: "not permitted"}, {Name: "new", Status: collect.ProbeOn},
		},
		Lost: []collect.Loss{{Cause: "names", Count: 2 * n}, {Cause: "map_full", Text: "…", Count: 4}, {Cause: "map_full", Count: 1}},
		Self: collect.Self{CPU: d / 100, Memory: 1 << 20, Maps: 1 << 16},
	}
}

func richProcesses(n uint64) []collect.ProcessReading {
	d := time.Duration(n) * time.Second
	process := func(pid int, python string) *collect.Process {
		return &collect.Process{PID: pid, Start: noon, Python: python, Build: "stripped", Command: "python3 <shop> & co",
			Parent: 1, OwnPID: 7, User: "web", Container: "shop\x7f"}
	}
	return []collect.ProcessReading{
		{Process: process(4711, "3.14.6"), State: collect.Running, Status: collect.Exact, Counted: d, Calls: 1006 * n, Resumes: 7 * n, CPU: d / 2, CPUKnown: true,
			Tax: d / 50, TaxKnown: true, Method: "3 sites", Threads: 4, Memory: 1 << 24, Payers: 1, Unwatched: 2,
			GIL: collect.ProcessGIL{Status: collect.GILExact, Measured: d, Held: d / 2}},
		{Process: process(4712, "3.14.6"), State: collect.Running, Status: collect.LowerBound, Reason: "some were missed", Counted: d / 2, CPUKnown: true,
			GIL: collect.ProcessGIL{Status: collect.GILExact, None: true}},
		{Process: process(4713, "3.8"), State: collect.Ended, Status: collect.Estimate, Counted: d, Calls: 2 * n,
			GIL: collect.ProcessGIL{Status: collect.GILSampled, Reason: "since 14:03", Measured: d, Held: d / 3}},
		{Process: &collect.Process{PID: 4714}, State: collect.Stopped, Status: collect.Off, Reason: "over the budget", OverBudget: true,
			GIL: collect.ProcessGIL{Status: collect.GILOff, Reason: "over the budget"}},
	}
}

func richThreads(n uint64) []collect.ThreadReading {
	d := time.Duration(n) * time.Second
	place := collect.Place{File: "a.py", Function: "hog", First: 3, Line: 5}
	return []collect.ThreadReading{
		{ID: 1, PID: 4711, TID: 4711, Name: "main", State: "running", Place: place, CPU: d / 4, RunQueue: d / 10, CPUKnown: true, Measured: true, Holds: 10 * n, Hold: d / 2,
			HoldMax: time.Second, Holding: time.Millisecond, Waits: n, Wait: d / 4, WaitMax: time.Second, Waiting: time.Microsecond, Forced: n,
			HoldHist: []uint64{0, n}, WaitHist: []uint64{n}, Caused: d / 5},
		{ID: 2, PID: 4711, Interpreter: -1, Ended: true, Measured: true, Holds: 3},
		{ID: 3, PID: 4712, TID: 4712, Name: "free", Interpreter: 1, Measured: true, NoGIL: true, Waits: 4 * n, Wait: d / 4, WaitMax: time.Second, WaitHist: []uint64{n},
			Pauses: n, Pause: d / 8, PauseMax: time.Second / 8, Parks: n, Park: d / 9},
		{ID: 4, PID: 4713, TID: 4713, Name: "old", Measured: true, Holds: n, Hold: d / 3},
		{ID: 5, PID: 4714, TID: 4714, Name: "off"},
	}
}

func richGILs(n uint64) []collect.GILReading {
	d := time.Duration(n) * time.Second
	stack := []collect.Place{{File: "a.py", Function: "hog", First: 3, Line: 5}, {File: "<string>", Function: "<module>", First: 1}}
	return []collect.GILReading{
		{ID: 1, PID: 4711, Status: collect.GILExact, Measured: d, Holder: 4711, HeldFor: time.Millisecond, Takes: 13 * n, Switches: 2 * n, Forced: n, Held: d / 2, Wait: d / 4,
			Pairs: []collect.GILPair{{From: 1, To: 2, FromTID: 4711, Count: n, Wait: d / 4}, {From: 2, To: 1, ToTID: 4711, Count: 2 * n}},
			Blame: []collect.Blame{{Thread: 1, TID: 4711, Stack: stack, Wait: d / 5, Steps: n}, {Wait: d / 100, Cut: true}},
			LongHolds: []collect.LongHold{{TID: 4711, Began: noon, Lasted: time.Second, Stack: stack, Native: collect.Native{
				Ran:   collect.NativeLooks{Stack: []collect.NativeFrame{{Module: "libc.so.6", Symbol: "memcpy", Offset: 4}, {Start: 8}}, Hits: 2, Looks: 3, Cut: true},
				Slept: collect.NativeLooks{Stack: []collect.NativeFrame{{Offset: 5}}, Hits: 1, Looks: 1}, Lost: 1, Reason: "weaker"}}, {Began: noon}},
			LongWaits: []collect.LongWait{{TID: 4720, Began: noon, Lasted: time.Second, Stack: stack, Holder: 4711, HolderStack: stack}, {Began: noon}}},
		{ID: 2, PID: 4711, Interpreter: 1, Status: collect.GILLowerBound, Measured: d / 2, AtLeast: true, HeldFor: d, Blame: []collect.Blame{{Stack: stack[1:], Wait: d / 10}}},
		{ID: 3, PID: 4713, Status: collect.GILSampled, Measured: d, Sampled: d, Held: d / 3, Switches: n,
			Pairs: []collect.GILPair{{From: 4, To: 4, FromTID: 4713, ToTID: 4713, Count: n}}, Blame: []collect.Blame{{Stack: stack, Wait: d / 10}}},
		{ID: 4, PID: 4714, Status: collect.GILOff},
	}
}

// richSnapshots is a first snapshot, one that follows it, and a last one in
// which sections are empty but measured.
func richSnapshots() []*collect.Snapshot {
	last := rich(4)
	last.Final, last.EndReason = true, "the process ended"
	last.Threads, last.GILs, last.Worlds, last.Probes, last.Lost = []collect.ThreadReading{}, []collect.GILReading{}, []collect.WorldReading{}, nil, nil
	return []*collect.Snapshot{collect.Diff(nil, rich(1), 1), collect.Diff(rich(1), rich(3), 2), collect.Diff(rich(3), last, 3)}
}

// TestSections: each section and table, byte by byte.
func TestSections(t *testing.T) {
	for _, format := range []Format{JSON, JSONL, CSV} {
		t.Run(string(format), func(t *testing.T) {
			var out bytes.Buffer
			for _, s := range richSnapshots() {
				parts, err := partsOf(s, []Format{format}, Options{Version: "1.2.3"})
				if err != nil {
					t.Fatal(err)
				}
				for _, part := range parts {
					fmt.Fprintln(&out, part.suffix)
					w := bufio.NewWriter(&out)
					if err := part.write(w); err != nil {
						t.Fatal(err)
					}
					w.Flush()
				}
			}
			golden(t, out.Bytes())
		})
	}
}

// BenchmarkJSONL writes a small snapshot of all sections, as a run does each second.
func BenchmarkJSONL(b *testing.B) {
	s := richSnapshots()[1]
	w, err := NewWriter(io.Discard, JSONL, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(s); err != nil {
			b.Fatal(err)
		}
	}
}
