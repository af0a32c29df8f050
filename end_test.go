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
	w := workload(t, systemPython, "obey.py")
	w.obey(t, "make many 2000", "made")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	p := begin(t, func(c *exec.Cmd) { c.Stdout = write }, "-p", w.pid(), "--budget", "off", "-o", "jsonl", "-d", "50ms")
	write.Close()
	p.ready(t)
	w.obey(t, "run many 1", "ran 2000") // more than a pipe holds
	time.Sleep(200 * time.Millisecond)
	p.tell(t, syscall.SIGINT)
	unpatched(t, w.Process.Pid)
	ended := make(chan error)
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

// TestCommandStreams: input and output are the command's own, and so is its
// exit status.
func TestCommandStreams(t *testing.T) {
	needRoot(t)
	t.Parallel()
	dir := t.TempDir()
	p := begin(t, func(c *exec.Cmd) { c.Stdin = strings.NewReader("from outside\n") },
		"-o", dir+"/out.json", "--", systemPython, "-c", "import sys; print(input().upper()); print('oops', file=sys.stderr); sys.exit(7)")
	got := p.wait(t)
	got.mustSay(t, 7, "oops\n", "pytop: ready pid ")
	if got.out != "FROM OUTSIDE\n" {
		t.Errorf("standard output: %q", got.out)
	}
	text, err := os.ReadFile(dir + "/out.json")
	if err != nil {
		t.Fatal(err)
	}
	if s := snapshots(t, string(text))[0]; !s.Final || len(s.Functions) == 0 {
		t.Errorf("final %v, %d functions", s.Final, len(s.Functions))
	}
}

// TestCommandStatus: with -- pytop exits as the command does, or as env(1).
func TestCommandStatus(t *testing.T) {
	needRoot(t)
	t.Parallel()
	script := t.TempDir() + "/script.py"
	if err := os.WriteFile(script, []byte("print(1)\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"exit", []string{systemPython, "-c", "raise SystemExit(42)"}, 42, "pytop: ready"},
		{"exception", []string{systemPython, "-c", "1/0"}, 1, "ZeroDivisionError"},
		{"killed", []string{systemPython, "-c", "import os; os.kill(os.getpid(), 9)"}, 137, "pytop: ready"},
		{"terminated", []string{systemPython, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"}, 143, "pytop: ready"},
		{"not found", []string{"no-such-program"}, 127, "is it spelt right, and on the PATH?"},
		{"not executable", []string{script}, 126, "pytop -- python3 " + script},
		{"a directory", []string{"/"}, 126, "start /"},
		{"no Python", []string{"sh", "-c", "exit 3"}, 3, "without having been a CPython"},
		{"a shell that becomes one", []string{"sh", "-c", "exec " + systemPython + " -c 'raise SystemExit(9)'"}, 9, "pytop: ready"},
		{"too old", []string{"", "-c", "pass"}, 125, "older than Python 3.8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.args[0] == "" {
				test.args[0] = pyenv(t, "3.7.16")
			}
			pytop(t, append([]string{"-o", "json", "--"}, test.args...)...).mustSay(t, test.status, test.want)
		})
	}
}

// TestCommandFromFirstCall: what runs before any code of the command's own is
// counted, and the whole run is one interval.
func TestCommandFromFirstCall(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, format := range []string{"json", "jsonl"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			got := pytop(t, "-o", format, "--", systemPython, "-S", "-c", "def f(n):\n return n and f(n-1)\nfor _ in range(10): f(99)\nclass C: pass\n")
			got.mustSay(t, 0, "calls exact")
			list := snapshots(t, got.out)
			s := list[len(list)-1]
			module := uint64(0)
			for _, f := range s.Functions {
				if f.File == "<string>" && f.Function == "<module>" {
					module += f.Calls
				}
				if format == "json" && f.Calls != f.Delta {
					t.Errorf("%s: %d calls, %d in the interval, which is the whole run", f.Function, f.Calls, f.Delta)
				}
			}
			if s.calls("f") != 1000 || module != 1 || s.calls("C") != 1 {
				t.Errorf("f %d, <module> %d, C %d; want 1000, 1, 1", s.calls("f"), module, s.calls("C"))
			}
			var delta uint64
			for _, one := range list {
				_, d := one.sum()
				delta += d
			}
			if calls, _ := s.sum(); calls != delta {
				t.Errorf("%d calls, %d by the differences of %d intervals", calls, delta, len(list))
			}
			if s.calls("_find_and_load") == 0 && s.calls("_install") == 0 {
				t.Error("nothing of the interpreter's own start was counted")
			}
		})
	}
}

// TestCommandSignals: the command is sent what pytop is sent, and its end is pytop's.
func TestCommandSignals(t *testing.T) {
	needRoot(t)
	t.Parallel()
	const text = "import os, signal, sys, time\n" +
		"def end(n, frame):\n print('got', n, flush=True); sys.exit(n)\n" +
		"for n in signal.SIGTERM, signal.SIGHUP, signal.SIGINT: signal.signal(n, end)\n" +
		"print('waiting', flush=True)\ntime.sleep(60)\n"
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := begin(t, func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }, "-o", "json", "--", systemPython, "-c", text)
			p.ready(t)
			p.out.await(t, "waiting")
			p.tell(t, signal)
			got := p.wait(t)
			got.mustSay(t, int(signal))
			_, object, _ := strings.Cut(got.out, fmt.Sprintf("got %d\n", signal))
			s := snapshots(t, object)[0]
			if s.calls("end") != 1 {
				t.Errorf("the handler was counted %d times, want once", s.calls("end"))
			}
		})
	}
}

// TestCommandOutlivesReadings: after -n readings pytop waits for the command.
func TestCommandOutlivesReadings(t *testing.T) {
	needRoot(t)
	t.Parallel()
	got := pytop(t, "-o", "jsonl", "-n", "1", "-d", "50ms", "--", systemPython, "-c", "import time; time.sleep(.5); print('over'); raise SystemExit(4)")
	got.mustSay(t, 4, "pytop: ready")
	if !strings.HasSuffix(got.out, "over\n") || strings.Count(got.out, "\n") != 2 {
		t.Errorf("%q", got.out)
	}
}

// TestDemo: the bundled workload starts, is counted, and is ended.
func TestDemo(t *testing.T) {
	needRoot(t)
	t.Parallel()
	p := begin(t, func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }, "demo", "-o", "jsonl", "-d", "200ms", "--budget", "off")
	p.ready(t)
	p.out.await(t, "{")
	p.tell(t, syscall.SIGTERM)
	got := p.wait(t)
	list := snapshots(t, got.out)
	if calls, _ := list[len(list)-1].sum(); calls < 1000 {
		t.Errorf("%d calls", calls)
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
