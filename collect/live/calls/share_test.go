package calls_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestForkedLater: what is forked after a process was let go is attached to by
// itself when it is noticed; what ended before that is said, and not exact.
func TestForkedLater(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	const program = `import os, sys, time
def f(): pass
def fork(then):
    if os.fork() == 0:
        then()
        os._exit(0)
def spin():
    end = time.monotonic() + 25
    while time.monotonic() < end:
        for i in range(1000): f()
def few():
    for i in range(100): f()
def stay():
    os.close(tell)
    few()
    os.write(called, b"x")
    os.read(go, 1)
    few()
    os.read(go, 1)
go, tell = os.pipe()
waits, called = os.pipe()
print("waiting", flush=True)
for line in sys.stdin:
    if line == "short\n":
        for n in range(5):
            fork(few)
            os.wait()
    elif line == "go\n":
        os.write(tell, b"x")
    elif line == "spin\n":
        fork(spin)
    else:
        fork(stay)
        os.read(waits, 1)
    print("did", flush=True)
`
	w := livetest.Begin(t, p.Command("-c", program))
	s, err := live.Open(live.Options{Probes: livetest.OnlyCalls, PIDs: []int{w.Process.Pid}, Children: true, Budget: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.Obey(t, "spin", "did")
	r := livetest.Until(t, s, func(r *collect.Reading) string {
		for _, p := range livetest.Workers(r, w.Process.Pid) {
			if p.OverBudget {
				return ""
			}
		}
		return "nothing is over the budget"
	})
	dear := livetest.Workers(r, w.Process.Pid)[0].Process.PID
	defer syscall.Kill(dear, syscall.SIGKILL)
	w.Obey(t, "short", "did")
	r = livetest.Read(t, s)
	short := 0
	for _, p := range r.Processes {
		if p.Process.PID == dear || p.Process.PID == w.Process.Pid {
			continue
		}
		if short++; p.Calls != 0 || p.Status != collect.Off || !strings.Contains(p.Reason, "it ended before it was attached to") {
			t.Errorf("%d calls, %s: %s", p.Calls, p.Status, p.Reason)
		}
	}
	if got := r.Probes[0].Status; got != collect.ProbeOn {
		t.Errorf("the probe is %s, though it counts others", got)
	}
	if short != 5 {
		t.Errorf("%d processes that have ended, want 5", short)
	}
	w.Obey(t, "stay", "did")
	livetest.Until(t, s, func(r *collect.Reading) string {
		if want := "5 processes ended before they were attached to"; !strings.Contains(r.Probes[0].Reason, want) {
			t.Errorf("the probe says %q", r.Probes[0].Reason)
		}
		for _, p := range livetest.Workers(r, w.Process.Pid) {
			if p.Process.PID != dear && p.Counted > 0 {
				if p.Status != collect.LowerBound || !strings.Contains(p.Reason, "when it was noticed") {
					t.Errorf("%s: %s", p.Status, p.Reason)
				}
				return ""
			}
		}
		return "what stays is not attached to"
	})
	before := livetest.Calls(livetest.Read(t, s))["f"]
	w.Obey(t, "go", "did")
	livetest.Until(t, s, func(r *collect.Reading) string {
		if n := livetest.Calls(r)["f"] - before; n != 100 {
			return fmt.Sprintf("%d calls, want 100", n)
		}
		return ""
	})
}

// TestRejoin: those that share their breakpoints with a process that was let
// go, too many to have their own, are counted again when it has ended.
func TestRejoin(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	const program = `import os, sys, time
def f(): pass
def spin():
    end = time.monotonic() + 25
    while time.monotonic() < end:
        for i in range(1000): f()
def once(): pass
pipes = []
def worker():
    read, write = os.pipe()
    if os.fork() == 0:
        for other in pipes + [write]: os.close(other)
        while os.read(read, 1): once()
        os._exit(0)
    os.close(read)
    pipes.append(write)
print("waiting", flush=True)
for line in sys.stdin:
    if line == "fork\n":
        for n in range(40): worker()
    elif line == "spin\n":
        dear = os.fork()
        if dear == 0: spin()
    elif line == "kill\n":
        os.kill(dear, 9)
        os.waitpid(dear, 0)
    else:
        for write in pipes: os.write(write, b"x")
    print("did", flush=True)
`
	w := livetest.Begin(t, p.Command("-c", program))
	s, err := live.Open(live.Options{Probes: livetest.OnlyCalls, PIDs: []int{w.Process.Pid}, Children: true, Budget: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.Obey(t, "fork", "did")
	w.Obey(t, "once", "did")
	livetest.Until(t, s, func(r *collect.Reading) string {
		if n := livetest.Calls(r)["once"]; n != 40 {
			return fmt.Sprintf("%d calls, want 40", n)
		}
		return ""
	})
	w.Obey(t, "spin", "did")
	defer w.In.Close()
	off := func(r *collect.Reading) (n int) {
		for _, p := range livetest.Workers(r, w.Process.Pid) {
			if p.Status == collect.Off {
				n++
			}
		}
		return n
	}
	livetest.Until(t, s, func(r *collect.Reading) string {
		if n := off(r); n != 41 {
			return fmt.Sprintf("%d are let go, want 41", n)
		}
		return ""
	})
	w.Obey(t, "kill", "did")
	r := livetest.Until(t, s, func(r *collect.Reading) string {
		if n := off(r); n != 0 {
			return fmt.Sprintf("%d are not counted still", n)
		}
		return ""
	})
	for _, p := range livetest.Workers(r, w.Process.Pid) {
		if p.Status != collect.LowerBound || !strings.Contains(p.Reason, "not counted for ") {
			t.Errorf("%s: %s", p.Status, p.Reason)
		}
	}
	w.Obey(t, "once", "did")
	livetest.Until(t, s, func(r *collect.Reading) string {
		if n := livetest.Calls(r)["once"]; n != 80 {
			return fmt.Sprintf("%d calls, want 80", n)
		}
		return ""
	})
}

// TestLetGo: of processes that share their breakpoints the one that cannot
// bear them is let go; the others go on, and say what they missed.
func TestLetGo(t *testing.T) {
	if !livetest.Inside(t) {
		return
	}
	p := livetest.Own(t)
	obeying := livetest.Begin(t, p.Command(p.Workloads(t)+"/obey.py"))
	busy := p.Command("-c", "import sys\ndef f():\n    pass\nprint('waiting', flush=True)\nwhile True:\n    f()")
	in := livetest.Begin(t, busy)
	s, err := live.Open(live.Options{Probes: livetest.OnlyCalls, All: true, Budget: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	obeying.Obey(t, "make a 10", "made")
	obeying.Obey(t, "run a 3", "ran")
	later := livetest.Begin(t, p.Command(p.Workloads(t)+"/obey.py"))
	time.Sleep(200 * time.Millisecond)
	later.Obey(t, "make b 10", "made")
	later.Obey(t, "run b 4", "ran")
	r := livetest.Read(t, s)
	livetest.Family(t, r, "a", 10, 3)
	livetest.Family(t, r, "b", 10, 4)
	for _, p := range r.Processes {
		switch p.Process.PID {
		case in.Process.Pid:
			if !p.OverBudget || p.Status != collect.Off || !strings.Contains(p.Reason, "the budget is 20 %") {
				t.Errorf("the dear one: %s: %s", p.Status, p.Reason)
			}
		case obeying.Process.Pid:
			if p.Status != collect.LowerBound && p.Status != collect.Exact || p.Status == collect.LowerBound && !strings.Contains(p.Reason, "was let go") {
				t.Errorf("the other: %s: %s", p.Status, p.Reason)
			}
		case later.Process.Pid:
			if p.Status != collect.LowerBound || !strings.Contains(p.Reason, "when it was noticed") {
				t.Errorf("the later: %s: %s", p.Status, p.Reason)
			}
		}
	}
	if len(r.Processes) != 3 {
		t.Errorf("%d processes", len(r.Processes))
	}
}
