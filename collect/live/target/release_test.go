package target_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/livetest"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
)

// orphan is a program whose child goes on when it has ended; it obeys lines.
const orphan = `import os, sys
def once(): pass
print("waiting", flush=True)
sys.stdin.readline()
if os.fork():
    os._exit(0)
for line in sys.stdin:
    once()
    print("called", flush=True)
`

// laterOn makes builds as old as if so much more time had gone by, reads, and
// waits until what is given up then is.
func laterOn(t *testing.T, s *live.Source, h *probe.Host, after time.Duration) {
	t.Helper()
	for range 2 { // the first notes what is not used any more
		h.Lock.Lock()
		h.Targets.Age(after)
		h.Lock.Unlock()
		livetest.Read(t, s)
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			h.Lock.Lock()
			done := !h.Targets.Releasing()
			h.Lock.Unlock()
			if done {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("builds are not given up")
			}
		}
	}
}

// held are the builds of a source, and the deleted files that are open here.
func held(t *testing.T, h *probe.Host) (builds, files, deleted int) {
	t.Helper()
	h.Lock.Lock()
	builds, files = len(h.Targets.Builds), h.Targets.Known()
	h.Lock.Unlock()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name, _ := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); strings.HasSuffix(name, " (deleted)") {
			deleted++
		}
	}
	return builds, files, deleted
}

// TestAllReleased: files that are run for a while and deleted, one copy after
// another, leave nothing behind; while one is mapped its calls are counted.
func TestAllReleased(t *testing.T) {
	if !livetest.Inside(t) {
		return
	}
	o := live.Options{Probes: livetest.OnlyCalls}
	made := livetest.Made[*calls.Calls](&o)
	s := livetest.OpenAll(t, o)
	h := (*made).Host
	reading := func() *collect.Reading { return livetest.Read(t, s) }
	reading()
	_, linksBefore := livetest.Descriptors(t)
	run := func(name string) (livetest.Python, *livetest.Workload) {
		p := livetest.Own(t)
		w := livetest.Begin(t, p.Command(p.Workloads(t)+"/obey.py"))
		livetest.AwaitCounted(t, s, w)
		livetest.Counted(t, reading, w, name)
		return p, w
	}
	end := func(p livetest.Python, w *livetest.Workload) {
		os.Remove(p.Path)
		w.In.Close()
		w.Wait()
	}

	p, first := run("a")
	os.Remove(p.Path)
	laterOn(t, s, h, target.KeptOwn)
	if builds, _, _ := held(t, h); builds != 1 {
		t.Fatalf("%d builds, and one runs", builds)
	}
	livetest.Counted(t, reading, first, "b") // though it is deleted

	for n := range 3 {
		end(run(fmt.Sprint("c", n)))
	}
	livetest.EndedAll(t, s, 1)
	if builds, _, _ := held(t, h); builds != 4 {
		t.Errorf("%d builds of four copies", builds)
	}
	laterOn(t, s, h, target.KeptCopy)
	if builds, files, deleted := held(t, h); builds != 1 || files == 0 || deleted != 1 {
		t.Errorf("%d builds, %d files known, %d deleted ones open; want only that of the first", builds, files, deleted)
	}

	// Of a copy's processes those that the kernel told of are taken for the first's.
	copied := livetest.Own(t)
	w := livetest.Begin(t, copied.Command("-S", "-c", orphan))
	os.Remove(copied.Path)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if builds, _, _ := held(t, h); builds == 2 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%d builds", builds)
		}
	}
	fmt.Fprintln(w.In)
	fmt.Fprintln(w.In)
	w.Line(t, "called")
	livetest.EndedAll(t, s, 2) // the first, and the orphan
	laterOn(t, s, h, target.KeptCopy)
	if builds, _, _ := held(t, h); builds != 2 {
		t.Errorf("%d builds: one is given up that a process maps", builds)
	}
	h.Lock.Lock()
	for _, p := range h.Targets.Order {
		if p.Build != h.Targets.Builds[0] {
			t.Errorf("pid %d is known to run the copy: this tests nothing", p.Info.PID)
		}
	}
	h.Lock.Unlock()
	fmt.Fprintln(w.In)
	w.Line(t, "called")
	if n := livetest.Calls(livetest.Read(t, s))["once"]; n != 2 {
		t.Errorf("%d calls of the orphan, want 2", n)
	}

	w.In.Close()
	end(p, first)
	livetest.EndedAll(t, s, 0)
	laterOn(t, s, h, target.KeptCopy)
	if builds, _, _ := held(t, h); builds != 1 {
		t.Errorf("%d builds, want one that has its programs still", builds)
	}
	laterOn(t, s, h, target.KeptOwn)
	_, links := livetest.Descriptors(t)
	if builds, _, deleted := held(t, h); builds != 0 || deleted != 0 || links != linksBefore {
		t.Errorf("%d builds, %d deleted files open, %d links, programs and maps; want none, none, %d", builds, deleted, links, linksBefore)
	}

	_, again := run("d") // under a number that no other had
	livetest.Counted(t, reading, again, "e")
	livetest.NothingHeld(t, h)
}
