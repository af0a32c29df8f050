package live_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/proc"
)

// TestSilent: where a process's memory never answers, others are still counted,
// and every probe is taken out within a second, also when that is asked for while
// something waits for the memory.
func TestSilent(t *testing.T) {
	livetest.NeedRoot(t)
	var p livetest.Python
	for _, one := range livetest.Pythons(t) {
		if one.Chroot == "" && strings.Contains(one.Name, "3.13") && !strings.Contains(one.Notes, "freethreaded") {
			p = one
		}
	}
	if p.Path == "" {
		t.Skip("no CPython 3.13 here, which says itself where its interpreters are")
	}
	w := livetest.Begin(t, p.Command(p.Workloads(t)+"/silent.py"))
	other := livetest.Obeying(t, livetest.Pythons(t)[0])
	s, err := live.Open(live.Options{PIDs: []int{w.Process.Pid, other.Process.Pid}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	text := firstSite(t, s, w.Process.Pid)
	fmt.Fprintln(w.In)
	w.Line(t, "silent")
	for range 20 { // rounds meet it
		livetest.Read(t, s)
		time.Sleep(50 * time.Millisecond)
	}
	livetest.Counted(t, func() *collect.Reading { return livetest.Read(t, s) }, other, "a")
	for _, how := range []struct {
		name string
		away func() error
	}{{"detach", func() error { return s.Detach("a test") }}, {"attach again", func() error { return s.Attach(true) }}, {"close", s.Close}} {
		began := time.Now()
		if err := how.away(); err != nil {
			t.Errorf("%s: %v", how.name, err)
		}
		if took := time.Since(began); took > 10*time.Second { // a second on a machine with nothing else to do
			t.Errorf("%s took %v", how.name, took)
		}
		t.Logf("%s took %v", how.name, time.Since(began))
	}
	if now := bytesAt(t, w.Process.Pid, text); now == 0xCC {
		t.Error("a breakpoint is left in it")
	}
}

// firstSite is the address of a site in a process to which a source is attached.
func firstSite(t *testing.T, s *live.Source, pid int) uint64 {
	t.Helper()
	for _, p := range s.Targets().Order {
		if p.Info.PID == pid {
			at := p.CodeType - p.Build.Python.CodeType + p.Build.Plan.Calls[0].Address
			if bytesAt(t, pid, at) != 0xCC {
				t.Fatal("it is not attached to")
			}
			return at
		}
	}
	t.Fatal("it is not watched")
	return 0
}

func bytesAt(t *testing.T, pid int, at uint64) byte {
	t.Helper()
	if pid == os.Getpid() {
		t.Fatal("pytop itself")
	}
	var b [1]byte
	if err := proc.ReadMemoryHere(pid, at, b[:]); err != nil {
		t.Fatal(err)
	}
	return b[0]
}
