package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals: what was read is still written, and nothing stays attached.
func TestSignals(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			w, p := watched(t, "-o", "json", "-d", "10")
			if patched(t, w.Process.Pid) == 0 {
				t.Error("it is ready, and no breakpoint is in the process")
			}
			links, programs := held(t, p.Process.Pid)
			if len(links) == 0 || len(programs) == 0 {
				t.Errorf("it holds %d links and %d programs", len(links), len(programs))
			}
			w.obey(t, "run a 2", "ran 100")
			p.tell(t, signal)
			got := p.wait(t)
			got.mustSay(t, exitDone)
			s := snapshots(t, got.out)[0]
			if calls, _ := s.sum(); calls != 100 || !s.Final || s.EndReason == nil || *s.EndReason != "pytop was told to end" {
				t.Errorf("%d calls, want 100; final %v", calls, s.Final)
			}
			if n := patched(t, w.Process.Pid); n != 0 {
				t.Errorf("%d bytes of the process are still patched after pytop's end", n)
			}
			released(t, links, programs)
			w.obey(t, "run a 1", "ran 50")
		})
	}
}

// TestSignalWhileAttaching: at any moment before it is ready a signal ends
// pytop, and nothing stays attached.
func TestSignalWhileAttaching(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w := workload(t, systemPython, "obey.py")
	for i := range 8 {
		p := begin(t, nil, "-p", w.pid(), "-o", "json")
		time.Sleep(time.Duration(i*25) * time.Millisecond)
		p.tell(t, syscall.SIGTERM)
		got := p.wait(t)
		if got.status != -1 || got.err != "" { // else it had not come as far as to heed signals
			got.mustSay(t, exitDone, "pytop: ready")
		}
		if n := patched(t, w.Process.Pid); n != 0 {
			t.Errorf("after %d ms: %d bytes are still patched", i*25, n)
		}
	}
}

// TestKilled: the kernel takes away what pytop can no longer.
func TestKilled(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w, p := watched(t, "-o", "json")
	links, programs := held(t, p.Process.Pid)
	if len(links) == 0 || len(programs) == 0 || patched(t, w.Process.Pid) == 0 {
		t.Fatalf("it holds links %v and programs %v", links, programs)
	}
	p.tell(t, syscall.SIGKILL)
	p.reap() //nolint:errcheck // it was killed
	unpatched(t, w.Process.Pid)
	released(t, links, programs)
	w.obey(t, "run a 1", "ran 50")
}

// TestKilledWhileEnding: the kernel takes away all, too, when pytop is already
// about to end: breakpoints that it was closing just then would stay.
func TestKilledWhileEnding(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, how := range [][]string{{"-o", "json"}, {"--batch"}} {
		for i := range 8 {
			w, p := watched(t, how...)
			p.tell(t, syscall.SIGTERM)
			time.Sleep(time.Duration(i*10) * time.Millisecond)
			p.Process.Kill() //nolint:errcheck // it may have ended
			p.reap()         //nolint:errcheck // it was killed
			unpatched(t, w.Process.Pid)
		}
	}
}

// TestEndsOfMany: pytop's end detaches from many processes as fast as it did by
// itself: the kernel closes the links of one thread one after the other.
func TestEndsOfMany(t *testing.T) {
	needRoot(t)
	t.Parallel()
	const many = 30
	var pids []string
	var list []*target
	for range many {
		w := workload(t, systemPython, "obey.py")
		pids, list = append(pids, w.pid()), append(list, w)
	}
	p := begin(t, nil, "-o", "json", "--budget", "off", "-p", strings.Join(pids, ","))
	p.ready(t)
	links, programs := held(t, p.Process.Pid)
	if len(links) < 2*many {
		t.Errorf("it holds %d links", len(links))
	}
	began := time.Now()
	p.tell(t, syscall.SIGTERM)
	p.wait(t).mustSay(t, exitDone)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("its end took %v", took)
	}
	for _, w := range list {
		if n := patched(t, w.Process.Pid); n != 0 {
			t.Errorf("%d bytes are still patched after pytop's end", n)
		}
	}
	released(t, links, programs)
}

// TestClosedPipe: pytop … | head -1.
func TestClosedPipe(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, how := range [][]string{{"-o", "jsonl"}, {"-o", "csv"}, {"--batch"}} {
		t.Run(strings.Join(how, " "), func(t *testing.T) {
			t.Parallel()
			w := workload(t, systemPython, "obey.py")
			w.obey(t, "make a 50", "made")
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			p := begin(t, func(c *exec.Cmd) { c.Stdout = write }, append(how, "-p", w.pid(), "--budget", "off", "-d", "50ms")...)
			write.Close()
			if line, err := bufio.NewReader(read).ReadString('\n'); err != nil || line == "" {
				t.Errorf("read %q, %v", line, err)
			}
			read.Close()
			got := p.wait(t)
			got.mustSay(t, exitDone)
			if lines := strings.Count(got.err, "\n"); lines != 1 {
				t.Errorf("it complains: %s", got.err)
			}
			if n := patched(t, w.Process.Pid); n != 0 {
				t.Errorf("%d bytes are still patched", n)
			}
		})
	}
}

// TestStuckPipe: a reader that does not read keeps pytop from ending, but not
// from detaching; a second signal ends it.
func TestStuckPipe(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, how := range [][]string{{"-o", "jsonl"}, {"-o", "table", "--top", "2000"}, {"--batch", "--top", "2000"}} {
		t.Run(strings.Join(how, " "), func(t *testing.T) {
			t.Parallel()
			w := workload(t, systemPython, "obey.py")
			w.obey(t, "make many 2000", "made")
			p := beginStuck(t, append(how, "-p", w.pid(), "--budget", "off", "-d", "50ms")...)
			p.ready(t)
			w.obey(t, "run many 1", "ran 2000") // more than a pipe holds
			time.Sleep(200 * time.Millisecond)
			p.tell(t, syscall.SIGINT)
			unpatched(t, w.Process.Pid)
			endsBySignals(t, p)
		})
	}
}

// beginStuck starts pytop with a standard output that nobody reads.
func beginStuck(t *testing.T, args ...string) *running {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { read.Close() })
	defer write.Close()
	return begin(t, func(c *exec.Cmd) { c.Stdout, c.SysProcAttr = write, &syscall.SysProcAttr{Setsid: true} }, args...)
}

// endsBySignals sends pytop SIGINT until it has ended.
func endsBySignals(t *testing.T, p *running) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.reap() }()
	for range 100 {
		p.Process.Signal(syscall.SIGINT) //nolint:errcheck // it may have ended
		select {
		case <-ended:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Error("signals do not end it")
}

// TestBudget: counting a loop of calls costs more than 1 %: pytop lets go, says
// so, and the loop runs as fast as before.
func TestBudget(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w := workload(t, systemPython, "loop.py")
	rounds := func(n int) float64 {
		var ns float64
		w.say(t, fmt.Sprintf("run %d", n))
		line, err := w.out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(line, `"ns_per_round": `)
		if _, err := fmt.Sscanf(after, "%g", &ns); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		return ns
	}
	bare := min(rounds(1_000_000), rounds(1_000_000))
	w.say(t, "run 30000000") // busy while pytop attaches
	p := begin(t, nil, "-p", w.pid(), "--budget", "1%", "-o", "json")
	line := p.ready(t)
	if !strings.Contains(line, "calls off (counting would take") || !strings.Contains(line, "the budget is 1 % (--budget)") {
		t.Errorf("the ready line does not say that nothing is counted, and why: %s", line)
	}
	if n := patched(t, w.Process.Pid); n != 0 {
		t.Errorf("%d bytes are patched while it does not count", n)
	}
	if _, err := w.out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	after := min(rounds(1_000_000), rounds(1_000_000), rounds(1_000_000))
	if after > 3*bare+50 { // counted it would take 400 ns more
		t.Errorf("a round takes %.0f ns after pytop let go, %.0f before it came", after, bare)
	}
	w.in.Close()
	got := p.wait(t)
	got.mustSay(t, exitDone)
	process := snapshots(t, got.out)[0].Processes[0]
	if process.Status != "off" || process.Reason == nil || !strings.Contains(*process.Reason, "--budget") || process.Calls != nil {
		t.Errorf("status %s, reason %v, calls/s %v; want off, why, and null: not measured", process.Status, process.Reason, process.Calls)
	}
}

// TestDoctor: every check that holds here says so.
func TestDoctor(t *testing.T) {
	needRoot(t)
	t.Parallel()
	got := pytop(t, "doctor")
	got.mustSay(t, exitDone)
	for _, check := range []string{"kernel", "BTF", "uprobes", "attach cookies", "ring buffer", "privileges", "target's files", "counting"} {
		if !strings.Contains(got.out, "ok       "+check+" ") {
			t.Errorf("%s is not ok:\n%s", check, got.out)
		}
	}
	w := workload(t, systemPython, "obey.py")
	got = pytop(t, "doctor", "-p", w.pid())
	got.mustSay(t, exitDone)
	for _, want := range []string{"python3", "CPython 3.", "sites in", "ns a call"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in:\n%s", want, got.out)
		}
	}
	if n := patched(t, w.Process.Pid); n != 0 {
		t.Errorf("doctor patched %d bytes of the process", n)
	}
}
