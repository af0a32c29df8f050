package livetest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/probe"
)

// OnlyCalls is for live.Options: the GIL is not followed.
var OnlyCalls = []string{collect.Calls.Name}

// Key is the key of a function in Together.
func (w WantRow) Key() RowKey { return RowKey{w.File, w.Function, w.Line} }

// Sum is calls and resumes, of all processes together.
type Sum struct{ Calls, Resumes uint64 }

// Together sums the calls of each function over all processes.
func Together(r *collect.Reading) map[RowKey]Sum {
	sums := map[RowKey]Sum{}
	for _, c := range r.Codes {
		key := RowKey{c.Code.File, c.Code.Function, c.Code.Line}
		sum := sums[key]
		sums[key] = Sum{sum.Calls + c.Calls, sum.Resumes + c.Resumes}
	}
	return sums
}

// Workers are what a process has forked that runs, by what a reading says.
func Workers(r *collect.Reading, parent int) (list []collect.ProcessReading) {
	for _, p := range r.Processes {
		if p.Process.Parent == parent && p.State != collect.Ended {
			list = append(list, p)
		}
	}
	return list
}

// Family checks that the functions of a name, so many, were called so often each.
func Family(t testing.TB, r *collect.Reading, name string, many int, times uint64) {
	t.Helper()
	got := Calls(r)
	wrong := 0
	for i := range many {
		function := fmt.Sprintf("%s_%05d", name, i)
		if got[function] != times {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: %d calls, want %d", function, got[function], times)
			}
		}
	}
	if wrong > 3 {
		t.Errorf("and %d more", wrong-3)
	}
}

// Counted tells an obeying workload to call functions of a name, and compares.
func Counted(t *testing.T, r func() *collect.Reading, w *Workload, name string) {
	t.Helper()
	w.Obey(t, "make "+name+" 10", "made")
	w.Obey(t, "run "+name+" 3", "ran")
	Family(t, r(), name, 10, 3)
}

// AwaitCounted waits until a process is attached to.
func AwaitCounted(t *testing.T, s *live.Source, w *Workload) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		for _, p := range Read(t, s).Processes {
			if p.Status != collect.Off && strings.HasSuffix(p.Process.Command, "/obey.py") && p.Process.PID == w.Process.Pid {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d is not counted: %+v", w.Process.Pid, Read(t, s).Processes)
		}
	}
}

// EndedAll waits until all processes have ended and are no longer listed, but so many.
func EndedAll(t *testing.T, s *live.Source, but int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(Read(t, s).Processes) > but; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d processes are still listed", len(Read(t, s).Processes))
		}
	}
	Read(t, s)
}

// Made keeps that of the probes that a source makes for o which has the type:
// after opening it is there.
func Made[P probe.Probe](o *live.Options) *P {
	found, before := new(P), o.Tests.Made
	o.Tests.Made = func(one probe.Probe) {
		if before != nil {
			before(one)
		}
		if p, ok := one.(P); ok {
			*found = p
		}
	}
	return found
}

// NothingHeld checks that of processes that have ended the kernel's maps have
// nothing but that of those that were asked for.
func NothingHeld(t testing.TB, h *probe.Host) {
	t.Helper()
	h.Lock.Lock()
	defer h.Lock.Unlock()
	var key bpf.ProcessKey
	var state bpf.ProcessState
	for it := h.Maps.Processes.Iterate(); it.Next(&key, &state); {
		if h.Targets.Process(key) == nil {
			t.Errorf("the map has process %d still: flags %d, build %d", key.Pid, state.Flags, state.Build)
		}
	}
	var call bpf.CallKey
	var count bpf.CallCount
	for it := h.Maps.Live.Iterate(); it.Next(&call, &count); {
		if h.Targets.Process(bpf.ProcessKey{Pid: count.Pid, Started: count.Started}) == nil {
			t.Errorf("the map has a code object of process %d still, which is not watched", count.Pid)
			break
		}
	}
}

// WithGIL are the interpreters of the matrix that have one.
func WithGIL(t testing.TB) []Python {
	return slices.DeleteFunc(Sample(t), func(p Python) bool { return strings.Contains(p.Notes, "freethreaded") })
}

// SameStack compares a stack with what the program says: file, function, line.
func SameStack(t *testing.T, got []collect.Place, want [][3]any) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d frames, not %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if g := got[i]; g.File != want[i][0] || g.Function != want[i][1] || float64(g.Line) != want[i][2] {
			t.Errorf("frame %d: %s %s:%d, not %v", i, g.Function, g.File, g.Line, want[i])
			return
		}
	}
}

// Goroutines is how many there are, without those that are kept for the next
// read of what may not answer: up to 16, as many as were needed at once.
func Goroutines() (n int) {
	all := make([]byte, 1<<20)
	for one := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if !strings.Contains(one, "proc.(*asker).run") {
			n++
		}
	}
	return n
}

// Descriptors are this process's, and those of them that are BPF's.
func Descriptors(t testing.TB) (all, ofBPF int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fdinfo")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, _ := os.ReadFile(filepath.Join("/proc/self/fdinfo", e.Name())) // or closed meanwhile
		for _, kind := range []string{"link_id:", "prog_id:", "map_id:"} {
			if strings.Contains(string(text), kind) {
				ofBPF++
			}
		}
	}
	return len(entries), ofBPF
}
