package ctxswitches_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	_ "pytop/collect/live/registry" // the probes
)

// TestSwitches: what a process's threads say is what the kernel says of them
// before and after, and a process that sleeps ten times blocks ten times.
func TestSwitches(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	w := livetest.Begin(t, p.Command("-c", `import sys, time
print("waiting", flush=True)
for line in sys.stdin:
    for _ in range(10): time.sleep(.001)
    print("slept", flush=True)`))
	s := livetest.Open(t, w, live.Options{Probes: []string{collect.CtxSwitches.Name}})
	read := func() collect.ThreadSwitches {
		t.Helper()
		least := kernel(t, w.Process.Pid)
		r := livetest.Read(t, s)
		if len(r.CtxSwitches) != 1 || r.CtxSwitches[0].TID != w.Process.Pid {
			t.Fatalf("%+v", r.CtxSwitches)
		}
		one, most := r.CtxSwitches[0], kernel(t, w.Process.Pid)
		if one.Voluntary < least || one.Voluntary > most {
			t.Errorf("%d, the kernel says %d, then %d", one.Voluntary, least, most)
		}
		return one
	}
	before := read()
	fmt.Fprintln(w.In)
	w.Line(t, "slept")
	if after := read(); after.Voluntary < before.Voluntary+10 {
		t.Errorf("%d voluntary switches, then %d", before.Voluntary, after.Voluntary)
	}
	if err := s.Detach("detached by a test"); err != nil {
		t.Fatal(err)
	}
	r := livetest.Read(t, s)
	if last := r.Probes[len(r.Probes)-1]; r.CtxSwitches != nil || last.Name != collect.CtxSwitches.Name || last.Status != collect.ProbeOff {
		t.Errorf("detached: %+v, %+v", r.CtxSwitches, last)
	}
}

// kernel is what the kernel says of a thread that is alone in its process.
func kernel(t *testing.T, pid int) (n uint64) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "\nvoluntary_ctxt_switches:")
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
