package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect/launch"
)

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

// TestCommandOutputApart: where pytop's output is standard output, the
// command's is standard error, also that of what it starts.
func TestCommandOutputApart(t *testing.T) {
	needRoot(t)
	t.Parallel()
	script := t.TempDir() + "/talks.py"
	const text = "import os, subprocess\nprint('from Python', flush=True)\nos.write(1, b'half')\nsubprocess.run(['echo', 'a', 'child'])\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, how := range [][]string{{"-o", "json"}, {"-o", "jsonl", "-d", "50ms"}, {"-o", "csv"}, {"-o", "table"}, {"--batch"}, {}} {
		t.Run(strings.Join(how, " "), func(t *testing.T) {
			t.Parallel()
			got := pytop(t, append(how, "--", systemPython, script)...)
			got.mustSay(t, 0, "from Python\nhalfa child\n")
			if strings.Contains(got.out, "from Python") || strings.Contains(got.out, "half") || got.out == "" {
				t.Errorf("standard output: %.300q", got.out)
			}
			if len(how) > 1 && strings.HasPrefix(how[1], "json") {
				snapshots(t, got.out)
			}
		})
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
		"print('waiting', flush=True)\nwhile True: time.sleep(.05)\n" // a signal just before a sleep is heeded after it
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := begin(t, func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }, "-o", "json", "--", systemPython, "-c", text)
			p.ready(t)
			p.err.await(t, "waiting")
			p.tell(t, signal)
			got := p.wait(t)
			if got.mustSay(t, int(signal), fmt.Sprintf("got %d\n", signal)); t.Failed() {
				t.Fatalf("it wrote %q", got.out)
			}
			s := snapshots(t, got.out)[0]
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
	got.mustSay(t, 4, "pytop: ready", "over\n")
	if strings.Count(got.out, "\n") != 1 {
		t.Errorf("%q", got.out)
	}
}

// watchedPID is the process that a ready line names first.
func watchedPID(t *testing.T, line string) (pid int) {
	t.Helper()
	if _, err := fmt.Sscanf(line, "pytop: ready pid %d", &pid); err != nil {
		t.Fatalf("no process in %q: %v", line, err)
	}
	return pid
}

// TestCommandLeavesChild: when the command has ended and what it started lives
// on, signals are pytop's own again: what was counted is written.
func TestCommandLeavesChild(t *testing.T) {
	needRoot(t) // and not parallel: --children patches all processes of the file, of other tests too
	const daemon = "import os, time\n" +
		"def served(): pass\n" +
		"parent = os.getpid()\n" +
		"if os.fork(): os._exit(3)\n" +
		"while os.getppid() == parent: time.sleep(.01)\n" +
		"for _ in range(70): served()\n" +
		"print('daemon', os.getpid(), flush=True)\n" +
		"os.close(1); os.close(2)\n" +
		"time.sleep(600)\n"
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			file := t.TempDir() + "/run.json"
			p := begin(t, func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }, "--children", "-o", file, "--", systemPython, "-c", daemon)
			command := watchedPID(t, p.ready(t))
			var child int
			if _, err := fmt.Sscanf(p.out.await(t, "daemon "), "daemon %d", &child); err != nil {
				t.Fatal(err)
			}
			defer syscall.Kill(child, syscall.SIGKILL) //nolint:errcheck // it is there
			gone(t, command)
			time.Sleep(50 * time.Millisecond) // from its end to pytop's knowing of it
			p.tell(t, signal)
			p.wait(t).mustSay(t, 3)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := snapshots(t, string(text))[0]
			if s.calls("served") != 70 || !s.Final || s.EndReason == nil || *s.EndReason != "pytop was told to end" {
				t.Errorf("%d calls of the child, want 70; final %v: %v", s.calls("served"), s.Final, s.EndReason)
			}
			unpatched(t, child)
		})
	}
}

// TestCommandStuckPipe: when the command has ended and nobody reads what
// pytop writes, a signal ends pytop.
func TestCommandStuckPipe(t *testing.T) {
	needRoot(t)
	t.Parallel()
	const functions = "import time\nfor i in range(3000): exec('def f%d(): pass\\nf%d()' % (i, i))\ntime.sleep(.3)\n"
	p := beginStuck(t, "-o", "jsonl", "-d", "50ms", "--budget", "off", "--", systemPython, "-c", functions)
	gone(t, watchedPID(t, p.ready(t)))
	endsBySignals(t, p)
}

// TestSignalWhileStarting: at any moment from pytop's own start to that of the
// command a signal ends both. There are many places to look for the command,
// so that starting it takes a while.
func TestSignalWhileStarting(t *testing.T) {
	needRoot(t)
	t.Parallel()
	path := "PATH=" + strings.Repeat("/x:", 40000) + filepath.Dir(systemPython)
	for i := range 10 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			p := begin(t, func(c *exec.Cmd) {
				c.Env, c.SysProcAttr = append(os.Environ(), path), &syscall.SysProcAttr{Setsid: true}
			}, "-o", "json", "--", filepath.Base(systemPython), "-c", "import time; time.sleep(600)")
			time.Sleep(time.Duration(i*5) * time.Millisecond)
			p.tell(t, syscall.SIGTERM)
			got := p.wait(t)
			switch how := p.ProcessState.Sys().(syscall.WaitStatus); {
			case how.Signaled() && how.Signal() == syscall.SIGTERM: // it had not come as far as to heed signals
			case got.status == launch.StatusFailure:
				got.mustSay(t, launch.StatusFailure, "told to end before the command was started")
			default:
				got.mustSay(t, 128+int(syscall.SIGTERM))
			}
		})
	}
}

// TestDemo: the bundled workload starts, is counted, and is ended.
func TestDemo(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, test := range []struct {
		how []string
		end func(*testing.T, *running)
	}{
		{[]string{"-o", "jsonl"}, func(t *testing.T, p *running) { p.tell(t, syscall.SIGTERM) }},
		{[]string{"-o", "jsonl", "-n", "3"}, nil},
		{[]string{"-o", "jsonl", "--duration", "700ms"}, nil},
	} {
		t.Run(strings.Join(test.how, " "), func(t *testing.T) {
			t.Parallel()
			p := begin(t, func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }, append([]string{"demo", "-d", "200ms", "--budget", "off"}, test.how...)...)
			pid := watchedPID(t, p.ready(t))
			if p.out.await(t, "{"); test.end != nil {
				test.end(t, p)
			}
			got := p.wait(t)
			got.mustSay(t, exitDone)
			list := snapshots(t, got.out)
			if calls, _ := list[len(list)-1].sum(); calls < 1000 {
				t.Errorf("%d calls", calls)
			}
			gone(t, pid)
		})
	}
	t.Run("head", func(t *testing.T) {
		t.Parallel()
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p := begin(t, func(c *exec.Cmd) { c.Stdout, c.SysProcAttr = write, &syscall.SysProcAttr{Setsid: true} }, "demo", "--batch", "-d", "100ms", "--budget", "off")
		write.Close()
		pid := watchedPID(t, p.ready(t))
		if line, err := bufio.NewReader(read).ReadString('\n'); err != nil || line == "" {
			t.Errorf("read %q, %v", line, err)
		}
		read.Close()
		p.wait(t).mustSay(t, exitDone)
		gone(t, pid)
	})
}
