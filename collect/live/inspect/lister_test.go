package inspect_test

import (
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/livetest"
	"pytop/collect/site"
)

// row is the listed process with a PID.
func row(t testing.TB, l *inspect.Lister, pid int, until func(collect.ProcessReading) bool) collect.ProcessReading {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r, err := l.Read()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Processes {
			if p.Process.PID == pid && until(p) {
				return p
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d is not listed as it should be: %+v", pid, r.Processes)
		}
	}
}

// TestLister: processes are listed with what they are and how their calls can
// be counted, and leave the list when they end.
func TestLister(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	l := inspect.OpenLister(site.Cache{Dir: t.TempDir()})
	defer l.Close()
	for _, p := range livetest.Some(t) {
		w := livetest.Obeying(t, p)
		pid := w.Process.Pid
		got := row(t, l, pid, func(p collect.ProcessReading) bool { return p.Method != "" })
		if !strings.HasPrefix(got.Process.Python, "3.") || !strings.Contains(got.Process.Command, "obey.py") || got.Process.User == "" || got.Threads != 1 || got.Memory == 0 || got.Reason != "" {
			t.Errorf("%s: %+v %+v", p.Name, got, got.Process)
		}
		if p.Chroot != "" && got.Process.Container != "chroot "+p.Chroot {
			t.Errorf("in %q, want its chroot", got.Process.Container)
		}
		w.In.Close()
		w.Wait()
		r, err := l.Read()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Processes {
			if p.Process.PID == pid {
				t.Error("it is listed still")
			}
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Read(); err == nil {
		t.Error("a closed lister lists")
	}
}
