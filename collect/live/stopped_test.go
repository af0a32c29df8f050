package live_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/proc"
)

// TestAttachToStopped: pytop attaches to a process that a signal or a debugger
// has stopped, and waits for none of its threads. The process says which it is,
// each time, is counted when it goes on, and pytop detaches while it stands.
func TestAttachToStopped(t *testing.T) {
	livetest.NeedRoot(t)
	const most = 5 * time.Second
	const program = `import os, threading, time
def counted(): pass
def beside():
    while True: time.sleep(0.001)
threading.Thread(target=beside, daemon=True).start()
os.write(1, b"waiting\n")
while True:
    if not os.read(0, 100): break
    for i in range(1000): counted()
    os.write(1, b"did\n")
`
	stops := map[string]struct {
		stop, goOn func(pid int) error
		want       collect.State
		letter     byte
	}{
		"signal": {func(pid int) error { return unix.Kill(pid, unix.SIGSTOP) }, func(pid int) error { return unix.Kill(pid, unix.SIGCONT) }, collect.Stopped, 'T'},
		"debugger": {func(pid int) error {
			if err := unix.PtraceSeize(pid); err != nil {
				return err
			}
			return unix.PtraceInterrupt(pid)
		}, unix.PtraceDetach, collect.Traced, 't'},
	}
	for name, one := range stops {
		for _, p := range livetest.Some(t) {
			t.Run(name+"/"+p.Name, func(t *testing.T) {
				runtime.LockOSThread() // who traces is a thread
				defer runtime.UnlockOSThread()
				w := livetest.Begin(t, p.Command("-c", program))
				pid := w.Process.Pid
				stop := func() {
					t.Helper()
					if err := one.stop(pid); err != nil {
						t.Fatal(err)
					}
					for deadline := time.Now().Add(most); ; time.Sleep(time.Millisecond) {
						stat, err := proc.System().Stat(pid)
						if err != nil || time.Now().After(deadline) {
							t.Fatalf("it does not stop: %c, %v", stat.State, err)
						}
						if stat.State == one.letter {
							return
						}
					}
				}
				within := func(what string, began time.Time) {
					t.Helper()
					if took := time.Since(began); took > most {
						t.Errorf("to %s took %v", what, took)
					}
				}
				stop()
				began := time.Now()
				s, err := live.Open(live.Options{PIDs: []int{pid}})
				if err != nil {
					t.Fatal(err)
				}
				within("attach", began)
				for range 3 {
					got := livetest.Read(t, s).Processes[0]
					if got.State != one.want || got.Status != collect.Exact || got.GIL.Status != collect.GILExact {
						t.Errorf("it is %s, calls %s %q, GIL %s %q", got.State, got.Status, got.Reason, got.GIL.Status, got.GIL.Reason)
					}
				}
				if err := one.goOn(pid); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintln(w.In, "go")
				w.Line(t, "did")
				r := livetest.Read(t, s)
				if n := livetest.Calls(r)["counted"]; n != 1000 || r.Processes[0].State != collect.Running {
					t.Errorf("%d calls, want 1000; it is %s", n, r.Processes[0].State)
				}
				stop()
				began = time.Now()
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				within("detach", began)
				if err := one.goOn(pid); err != nil {
					t.Error(err)
				}
				fmt.Fprintln(w.In, "go")
				w.Line(t, "did")
				_ = unix.Kill(pid, syscall.SIGKILL) // its cleanup does the same
			})
		}
	}
}
