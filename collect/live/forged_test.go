package live_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"pytop/collect"
	"pytop/collect/cpython"
	"pytop/collect/elf"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/site"
)

// TestForgedCopy: a copy of an interpreter that keeps its size and build ID, but
// not its code, and that a program maps without running it, does not change
// where breakpoints go in the interpreter: its calls are equal, and new processes
// of it live, with a cache that has met the copy, and in the same run.
func TestForgedCopy(t *testing.T) {
	if file := os.Getenv("PYTOP_TEST_MAPS"); file != "" {
		mapsAndSleeps(t, file)
		return
	}
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		if p.Chroot != "" {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			sleeper := exec.Command("/proc/self/exe", "-test.run=^TestForgedCopy$")
			sleeper.Env = append(os.Environ(), "PYTOP_TEST_MAPS="+forged(t, p))
			livetest.Begin(t, sleeper)
			cache := site.Cache{Dir: t.TempDir()}
			for range 2 {
				s := livetest.OpenAll(t, live.Options{Probes: livetest.OnlyCalls, Cache: cache})
				w := livetest.Obeying(t, p)
				livetest.AwaitCounted(t, s, w)
				livetest.Counted(t, func() *collect.Reading { return livetest.Read(t, s) }, w, "a")
				for range 3 { // each dies where a breakpoint is in the middle of an instruction
					if out, err := p.Command("-c", "print(sum(map(int, '123')))").Output(); err != nil {
						t.Fatalf("a new process: %v %s", err, out)
					}
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// mapsAndSleeps maps a file executable and runs nothing of it.
func mapsAndSleeps(t *testing.T, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE); err != nil {
		t.Fatal(err)
	}
	fmt.Println("waiting")
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // until the test ends
}

// forged is a copy of the file with an interpreter's code, in which the
// instructions that pytop would probe are others.
func forged(t *testing.T, p livetest.Python) string {
	t.Helper()
	path := p.Library(t)
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	py, err := cpython.Describe(f, path)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := site.Find(f, py)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range plan.Calls { // a byte later: what pytop finds there is not there in the real one
		copy(b[one.Offset:], append([]byte{0x90}, one.Bytes[:len(one.Bytes)-1]...))
	}
	forged := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(forged, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return forged
}
