package live_test

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
	"pytop/collect/proc"
)

// ways are the ways of counting, whatever this kernel would be counted by.
var ways = []struct {
	name    string
	options live.Options
}{
	{"as this kernel can", live.Options{Probes: livetest.OnlyCalls}},
	{"as the oldest kernels can", live.Options{Probes: livetest.OnlyCalls, Tests: probe.Tests{Old: true}}},
}

// TestOldWay counts by perf event uprobes over preallocated maps, also where
// the kernel has better.
func TestOldWay(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			dir := p.Workloads(t)
			truth, err := p.Command(dir+"/truth.py", dir+"/known.py").Output()
			if err != nil {
				t.Fatal(err)
			}
			want, whole := livetest.ParseRows(t, truth)
			w := p.Start(t, dir+"/known.py")
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls, Tests: probe.Tests{Old: true}})
			if s.Targets().Order[0].Build.Multi {
				t.Error("not counted by perf events")
			}
			r, _ := livetest.Finish(t, s, w)
			livetest.Compare(t, r, want, whole)
		})
	}
}

// TestTwoOfOneFile: of two processes of one file, each with four threads, the
// one that is watched is counted exactly, and the other neither counted nor
// patched; when both are watched, each is counted as if it were alone.
func TestTwoOfOneFile(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	dir := p.Workloads(t)
	for _, way := range ways {
		for watched := 1; watched <= 2; watched++ {
			t.Run(fmt.Sprintf("%s/%d watched", way.name, watched), func(t *testing.T) {
				both := []*livetest.Workload{p.Start(t, dir+"/edges.py", "threads", "3000"), p.Start(t, dir+"/edges.py", "threads", "5000")}
				o := way.options
				for _, w := range both[:watched] {
					o.PIDs = append(o.PIDs, w.Process.Pid)
				}
				s, err := live.Open(o)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				b := s.Targets().Order[0].Build
				if !patched(t, b, both[0].Process.Pid) {
					t.Error("the first is not patched")
				}
				if got, want := patched(t, b, both[1].Process.Pid), watched == 2; got != want {
					t.Errorf("the second is patched: %t, want %t", got, want)
				}
				wants := make([][]livetest.WantRow, len(both))
				for _, w := range both { // at once
					if _, err := w.In.Write([]byte("\n")); err != nil {
						t.Fatal(err)
					}
				}
				for i, w := range both {
					text, err := io.ReadAll(w.Out)
					if err != nil {
						t.Fatal(err)
					}
					wants[i], _ = livetest.ParseRows(t, text)
					w.In.Close()
					if err := w.Wait(); err != nil {
						t.Fatal(err)
					}
				}
				r := livetest.Last(t, s)
				for i, w := range both {
					of := *r
					of.Codes = slices.DeleteFunc(slices.Clone(r.Codes), func(c collect.CodeCount) bool { return c.Code.PID != w.Process.Pid })
					if i < watched {
						livetest.Compare(t, &of, wants[i], false)
					} else if len(of.Codes) > 0 {
						t.Errorf("%d functions of the process that is not watched were counted", len(of.Codes))
					}
				}
			})
		}
	}
}

// patched tells whether a breakpoint is at a build's first site in a process.
func patched(t *testing.T, b *target.Build, pid int) bool {
	t.Helper()
	maps, err := proc.System().Maps(pid)
	if err != nil {
		t.Fatal(err)
	}
	at := b.Plan.Calls[0].Offset
	for _, m := range maps {
		if m.Inode == b.ID.Inode && m.Executable() && m.Offset <= at && at < m.Offset+m.End-m.Start {
			there, inFile := make([]byte, 1), make([]byte, 1)
			if err := proc.ReadMemory(pid, m.Start+at-m.Offset, there); err != nil {
				t.Fatal(err)
			}
			if _, err := b.File.ReadAt(inFile, int64(at)); err != nil {
				t.Fatal(err)
			}
			return there[0] != inFile[0]
		}
	}
	t.Fatalf("process %d does not map the site", pid)
	return false
}
