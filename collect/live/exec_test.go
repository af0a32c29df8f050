package live_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect"
)

// TestProgramFirst: a program with a CPython in it runs that, also when
// something that it has loaded brings a libpython along.
func TestProgramFirst(t *testing.T) {
	needRoot(t)
	tried := 0
	for _, p := range pythons(t) {
		if p.chroot == "" || p.notes != "stripped" {
			continue
		}
		library := "lib" + filepath.Base(p.path) + ".so.1.0"
		if out, err := p.command("-c", "import ctypes; ctypes.CDLL('"+library+"')").Output(); err != nil {
			t.Logf("%s: no %s: %s", p.name, library, out)
			continue
		}
		tried++
		t.Run(p.name, func(t *testing.T) {
			w := begin(t, p.command("-c", "import ctypes\nctypes.CDLL('"+library+"')\ndef counted(): pass\nprint('waiting', flush=True)\ninput()\nfor i in range(1000): counted()"))
			s := open(t, w, Options{})
			if got := s.order[0].build.name; !strings.HasPrefix(got, "python") {
				t.Errorf("what is counted is %s", got)
			}
			fmt.Fprintln(w.in)
			w.in.Close()
			if n := calls(last(t, s))["counted"]; n != 1000 {
				t.Errorf("%d calls, want 1000", n)
			}
		})
	}
	if tried == 0 && strings.Contains(fmt.Sprint(pythons(t)), "debian-") {
		t.Error("no interpreter was tried")
	}
}

// TestExecFromThread: a program that execs itself from another thread than its
// first loses the probes that are its own. That is noticed, and said.
func TestExecFromThread(t *testing.T) {
	needRoot(t)
	const program = `import os, sys, threading
def counted(): pass
if len(sys.argv) > 1:
    print("became", flush=True)
    for line in sys.stdin:
        for i in range(1000): counted()
        print("did", flush=True)
else:
    print("waiting", flush=True)
    sys.stdin.readline()
    t = threading.Thread(target=lambda: os.execv(sys.executable, [sys.executable, "-c", sys.orig, "again"]))
    t.start()
    t.join()
`
	for _, p := range some(t) {
		t.Run(p.name, func(t *testing.T) {
			w := begin(t, p.command("-c", "import sys\nsys.orig = sys.argv.pop(1)\nexec(sys.orig)", program))
			s := open(t, w, Options{})
			fmt.Fprintln(w.in)
			w.line(t, "became")
			var r *collect.Reading
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				r = read(t, s)
				if strings.Contains(r.Processes[0].Reason, "a thread that was not its first") {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("it is not noticed: %s %q", r.Processes[0].Status, r.Processes[0].Reason)
				}
			}
			before := calls(r)["counted"]
			w.obey(t, "go", "did")
			if n := calls(read(t, s))["counted"] - before; n != 1000 {
				t.Errorf("%d calls since, want 1000", n)
			}
			if r.Processes[0].Status != collect.LowerBound {
				t.Errorf("status %s", r.Processes[0].Status)
			}
		})
	}
}

// TestForkOfShell: what a program forks that a Python has exec'd is no Python.
func TestForkOfShell(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	const program = `import subprocess, sys
print("waiting", flush=True)
for line in sys.stdin:
    subprocess.run(["/bin/sh", "-c", "(sleep 1; :) & (sleep 1; :) & sleep 1.5; :"])
    print("did", flush=True)
`
	w := begin(t, p.command("-c", program))
	s := open(t, w, Options{Children: true})
	fmt.Fprintln(w.in, "go")
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.line(t, "did")
	}()
	for running := true; running; time.Sleep(100 * time.Millisecond) {
		select {
		case <-done:
			running = false
		default:
		}
		for _, one := range read(t, s).Processes { // what it forks itself is one until it execs
			if pid := w.Process.Pid; one.Process.PID != pid && one.Process.Parent != pid {
				t.Fatalf("%+v is taken for a Python", one.Process)
			}
		}
	}
	<-done
}

// TestEndedIsLeft: of several, one that has ended has no probe any more, and is
// not counted on.
func TestEndedIsLeft(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	stays, ends := obeying(t, p), obeying(t, p)
	s, err := Open(Options{PIDs: []int{stays.Process.Pid, ends.Process.Pid}, Functions: 1024})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	read(t, s)
	ends.in.Close()
	ends.Wait()
	time.Sleep(100 * time.Millisecond)
	r := read(t, s)
	time.Sleep(200 * time.Millisecond)
	again := read(t, s)
	if a, b := r.Processes[1], again.Processes[1]; a.State != collect.Ended || a.Counted != b.Counted || b.Counted == 0 || b.Status != collect.Exact {
		t.Errorf("%+v, then %+v", a, b)
	}
	if r.Processes[0].Counted >= again.Processes[0].Counted {
		t.Error("the other is not counted on")
	}
	if s.order[1].links != nil || s.order[0].links == nil {
		t.Errorf("links %+v, and of the other %+v", s.order[1].links, s.order[0].links)
	}
}

// TestExecNoPython: what a process execs that is no CPython ends its GIL's hold
// at once, and its row says so rather than that its counts are exact.
func TestExecNoPython(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	const program = `import os, sys, time
def f(): pass
def leave():
    for i in range(100): f()
    os.execv("/bin/sleep", ["sleep", "30"])
print("waiting", flush=True)
for line in sys.stdin:
    if line == "leave\n": leave()
    pid = os.fork()
    if pid == 0:
        time.sleep(0.6) # so that its GIL is followed
        leave()
    print(pid, flush=True)
`
	w := begin(t, p.command("-c", program))
	s := open(t, w, Options{Children: true, GIL: true})
	fmt.Fprintln(w.in, "fork")
	var pid int
	line, _ := w.out.ReadString('\n')
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	began := time.Now()
	r := until(t, s, func(r *collect.Reading) string {
		for _, g := range r.GILs {
			if g.PID == pid && g.HeldFor > 300*time.Millisecond {
				t.Fatalf("its GIL is said to be held for %v", g.HeldFor)
			}
		}
		for _, p := range workers(r, w.Process.Pid) {
			if p.Status == collect.Off {
				return ""
			}
		}
		return "it is not noticed"
	})
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	got := workers(r, w.Process.Pid)[0]
	if !strings.Contains(got.Reason, "it exec'd ") || !strings.Contains(got.Reason, "which is not a CPython") || got.GIL.Status != collect.GILOff {
		t.Errorf("it says %q; its GIL: %+v", got.Reason, got.GIL)
	}
	if n := calls(r)["f"]; n != 100 {
		t.Errorf("%d calls before that, want 100", n)
	}
	fmt.Fprintln(w.in, "leave")
	until(t, s, func(r *collect.Reading) string {
		if got := r.Processes[0]; got.State != collect.Ended || !strings.Contains(got.Reason, "which is not a CPython") {
			return fmt.Sprintf("the parent: %s: %q", got.State, got.Reason)
		}
		return ""
	})
}

// TestExecUnseen: what exec'd and ended before it was known what it ran is
// counted, and said.
func TestExecUnseen(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	w := begin(t, p.command("-c", "import os, sys\nprint('waiting', flush=True)\nfor line in sys.stdin:\n    for n in range(20):\n        pid = os.posix_spawn('/bin/true', ['true'], {})\n        os.waitpid(pid, 0)\n    print('did', flush=True)"))
	s := open(t, w, Options{Children: true})
	s.mu.Lock() // as when pytop is slow
	fmt.Fprintln(w.in, "go")
	w.line(t, "did")
	s.mu.Unlock()
	r := until(t, s, func(r *collect.Reading) string {
		if want := "20 processes exec'd and ended before it was known what they ran"; !strings.Contains(r.Probes[0].Reason, want) {
			return fmt.Sprintf("the probe says %q", r.Probes[0].Reason)
		}
		return ""
	})
	if got := r.Processes[0]; got.Status != collect.Exact {
		t.Errorf("the parent: %s: %s", got.Status, got.Reason)
	}
	nothingHeld(t, s)
	if n := len(s.following.looked); n > 0 {
		t.Errorf("%d that are no CPythons are kept", n)
	}
}
