package target_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/elf"
	"pytop/collect/proc"
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
func laterOn(t *testing.T, s *live.Source, after time.Duration) {
	t.Helper()
	for range 2 { // the first notes what is not used any more
		s.mu.Lock()
		s.releasing.at = time.Time{}
		for _, b := range s.builds {
			if !b.unused.IsZero() {
				b.unused = b.unused.Add(-after)
			}
		}
		s.mu.Unlock()
		livetest.Read(t, s)
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			s.mu.Lock()
			done := !s.releasing.underWay
			s.mu.Unlock()
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
func held(t *testing.T, s *live.Source) (builds, files, deleted int) {
	t.Helper()
	s.mu.Lock()
	builds, files = len(s.builds), len(s.files)
	s.mu.Unlock()
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

// endedAll waits until all processes have ended and are no longer listed.
func livetest.EndedAll(t *testing.T, s *live.Source, but int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(livetest.Read(t, s).Processes) > but; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d processes are still listed", len(livetest.Read(t, s).Processes))
		}
	}
	livetest.Read(t, s)
}

// TestAllReleased: files that are run for a while and deleted, one copy after
// another, leave nothing behind; while one is mapped its calls are counted.
func TestAllReleased(t *testing.T) {
	if !livetest.Inside(t) {
		return
	}
	s := openAll(t, false)
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
	laterOn(t, s, keptOwn)
	if builds, _, _ := held(t, s); builds != 1 {
		t.Fatalf("%d builds, and one runs", builds)
	}
	livetest.Counted(t, reading, first, "b") // though it is deleted

	for n := range 3 {
		end(run(fmt.Sprint("c", n)))
	}
	livetest.EndedAll(t, s, 1)
	if builds, _, _ := held(t, s); builds != 4 {
		t.Errorf("%d builds of four copies", builds)
	}
	laterOn(t, s, keptCopy)
	if builds, files, deleted := held(t, s); builds != 1 || files == 0 || deleted != 2 {
		t.Errorf("%d builds, %d files known, %d deleted ones open; want only that of the first", builds, files, deleted)
	}

	// Of a copy's processes those that the kernel told of are taken for the first's.
	copied := livetest.Own(t)
	w := livetest.Begin(t, copied.Command("-S", "-c", orphan))
	os.Remove(copied.path)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if builds, _, _ := held(t, s); builds == 2 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("%d builds", builds)
		}
	}
	fmt.Fprintln(w.In)
	fmt.Fprintln(w.In)
	w.Line(t, "called")
	livetest.EndedAll(t, s, 2) // the first, and the orphan
	laterOn(t, s, keptCopy)
	if builds, _, _ := held(t, s); builds != 2 {
		t.Errorf("%d builds: one is given up that a process maps", builds)
	}
	s.mu.Lock()
	for _, p := range s.order {
		if p.build != s.builds[0] {
			t.Errorf("pid %d is known to run the copy: this tests nothing", p.info.PID)
		}
	}
	s.mu.Unlock()
	fmt.Fprintln(w.In)
	w.Line(t, "called")
	if n := livetest.Calls(livetest.Read(t, s))["once"]; n != 2 {
		t.Errorf("%d calls of the orphan, want 2", n)
	}

	w.In.Close()
	end(p, first)
	livetest.EndedAll(t, s, 0)
	laterOn(t, s, keptCopy)
	if builds, _, _ := held(t, s); builds != 1 {
		t.Errorf("%d builds, want one that has its programs still", builds)
	}
	laterOn(t, s, keptOwn)
	_, links := livetest.Descriptors(t)
	if builds, _, deleted := held(t, s); builds != 0 || deleted != 0 || links != linksBefore {
		t.Errorf("%d builds, %d deleted files open, %d links, programs and maps; want none, none, %d", builds, deleted, links, linksBefore)
	}

	_, again := run("d") // under a number that no other had
	livetest.Counted(t, reading, again, "e")
	nothingHeld(t, s)
}

// TestConditionsReleased: a libc that no process uses is closed after a while.
func TestConditionsReleased(t *testing.T) {
	opened := func() *conditions {
		file, err := os.Open("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		e, err := elf.Open("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		return &conditions{file: file, elf: e}
	}
	before, _ := livetest.Descriptors(t)
	listed, followed, unused := opened(), opened(), opened()
	followed.followed = 1 // its links are being closed
	s := &Source{conditions: []*conditions{listed, followed, unused}, order: []*process{{gil: &gilProcess{conditions: listed}}, {}}}
	now := time.Now()
	s.releaseConditions(now)
	s.releaseConditions(now.Add(keptOwn - 1))
	if len(s.conditions) != 3 {
		t.Errorf("%d are left too early", len(s.conditions))
	}
	s.releaseConditions(now.Add(keptOwn))
	if !slices.Equal(s.conditions, []*conditions{listed, followed}) {
		t.Errorf("%d are left, want those that are used", len(s.conditions))
	}
	for _, c := range s.conditions {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}
	if after, _ := livetest.Descriptors(t); after != before {
		t.Errorf("%d files are open, %d before", after, before)
	}
}

// TestFilesForgotten: what was found out of a file that is no build's is
// forgotten, and of a build's those numbers that are met no more.
func TestFilesForgotten(t *testing.T) {
	now := time.Now()
	b := &build{id: proc.FileID{Inode: 1}}
	f := files{
		{Inode: 1}: {build: b, at: now.Add(-time.Hour)}, {Inode: 2}: {build: b, at: now.Add(-time.Hour)}, {Inode: 3}: {build: b, at: now},
		{Inode: 4}: {at: now.Add(-doubt)}, {Inode: 5}: {at: now},
	}
	f.forget(now)
	for inode, want := range map[uint64]bool{1: true, 2: false, 3: true, 4: false, 5: true} {
		if _, got := f[proc.FileID{Inode: inode}]; got != want {
			t.Errorf("file %d is known: %v", inode, got)
		}
	}
}
