package live_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestProgramFirst: a program with a CPython in it runs that, also when
// something that it has loaded brings a libpython along.
func TestProgramFirst(t *testing.T) {
	livetest.NeedRoot(t)
	tried := 0
	for _, p := range livetest.Pythons(t) {
		if p.Chroot == "" || p.Notes != "stripped" {
			continue
		}
		library := "lib" + filepath.Base(p.Path) + ".so.1.0"
		if out, err := p.Command("-c", "import ctypes; ctypes.CDLL('"+library+"')").Output(); err != nil {
			t.Logf("%s: no %s: %s", p.Name, library, out)
			continue
		}
		tried++
		t.Run(p.Name, func(t *testing.T) {
			w := livetest.Begin(t, p.Command("-c", "import ctypes\nctypes.CDLL('"+library+"')\ndef counted(): pass\nprint('waiting', flush=True)\ninput()\nfor i in range(1000): counted()"))
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			if got := s.Targets().Order[0].Build.Name; !strings.HasPrefix(got, "python") {
				t.Errorf("what is counted is %s", got)
			}
			fmt.Fprintln(w.In)
			w.In.Close()
			if n := livetest.Calls(livetest.Last(t, s))["counted"]; n != 1000 {
				t.Errorf("%d calls, want 1000", n)
			}
		})
	}
	if tried == 0 && strings.Contains(fmt.Sprint(livetest.Pythons(t)), "debian-") {
		t.Error("no interpreter was tried")
	}
}

// TestExecFromThread: a program that execs itself from another thread than its
// first loses the probes that are its own. That is noticed, and said.
func TestExecFromThread(t *testing.T) {
	livetest.NeedRoot(t)
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
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := livetest.Begin(t, p.Command("-c", "import sys\nsys.orig = sys.argv.pop(1)\nexec(sys.orig)", program))
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			fmt.Fprintln(w.In)
			w.Line(t, "became")
			var r *collect.Reading
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
				r = livetest.Read(t, s)
				if strings.Contains(r.Processes[0].Reason, "a thread that was not its first") {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("it is not noticed: %s %q", r.Processes[0].Status, r.Processes[0].Reason)
				}
			}
			before := livetest.Calls(r)["counted"]
			w.Obey(t, "go", "did")
			if n := livetest.Calls(livetest.Read(t, s))["counted"] - before; n != 1000 {
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
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	const program = `import subprocess, sys
print("waiting", flush=True)
for line in sys.stdin:
    subprocess.run(["/bin/sh", "-c", "(sleep 1; :) & (sleep 1; :) & sleep 1.5; :"])
    print("did", flush=True)
`
	w := livetest.Begin(t, p.Command("-c", program))
	s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls, Children: true})
	fmt.Fprintln(w.In, "go")
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Line(t, "did")
	}()
	for running := true; running; time.Sleep(100 * time.Millisecond) {
		select {
		case <-done:
			running = false
		default:
		}
		for _, one := range livetest.Read(t, s).Processes { // what it forks itself is one until it execs
			if pid := w.Process.Pid; one.Process.PID != pid && one.Process.Parent != pid {
				t.Fatalf("%+v is taken for a Python", one.Process)
			}
		}
	}
	<-done
}

// TestExecNoPython: what a process execs that is no CPython ends its GIL's hold
// at once, and its row says so rather than that its counts are exact.
func TestExecNoPython(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
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
	w := livetest.Begin(t, p.Command("-c", program))
	s := livetest.Open(t, w, live.Options{Children: true})
	fmt.Fprintln(w.In, "fork")
	var pid int
	line, _ := w.Out.ReadString('\n')
	if _, err := fmt.Sscan(line, &pid); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	began := time.Now()
	r := livetest.Until(t, s, func(r *collect.Reading) string {
		for _, g := range r.GILs {
			if g.PID == pid && g.HeldFor > 300*time.Millisecond {
				t.Fatalf("its GIL is said to be held for %v", g.HeldFor)
			}
		}
		for _, p := range livetest.Workers(r, w.Process.Pid) {
			if p.Status == collect.Off {
				return ""
			}
		}
		return "it is not noticed"
	})
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	got := livetest.Workers(r, w.Process.Pid)[0]
	if !strings.Contains(got.Reason, "it exec'd ") || !strings.Contains(got.Reason, "which is not a CPython") || got.GIL.Status != collect.GILOff {
		t.Errorf("it says %q; its GIL: %+v", got.Reason, got.GIL)
	}
	if n := livetest.Calls(r)["f"]; n != 100 {
		t.Errorf("%d calls before that, want 100", n)
	}
	fmt.Fprintln(w.In, "leave")
	livetest.Until(t, s, func(r *collect.Reading) string {
		if got := r.Processes[0]; got.State != collect.Ended || !strings.Contains(got.Reason, "which is not a CPython") {
			return fmt.Sprintf("the parent: %s: %q", got.State, got.Reason)
		}
		return ""
	})
}
