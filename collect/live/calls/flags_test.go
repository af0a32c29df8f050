package calls_test

import (
	"strings"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// says is what an interpreter prints of an expression over sys; empty: it
// cannot evaluate it.
func says(p livetest.Python, expression string, env ...string) string {
	c := p.Command("-c", "import sys; print("+expression+")")
	c.Env = append(c.Env, env...)
	c.Stderr = nil
	out, _ := c.Output()
	return strings.TrimSpace(string(out))
}

// TestPerfTrampolines: with -X perf (3.12 and later) each function is entered
// through a trampoline of its own, and counted all the same.
func TestPerfTrampolines(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Distinct(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			if says(p, "sys.version_info >= (3, 12)") != "True" {
				return // has no -X perf
			}
			dir := p.Workloads(t)
			truth, err := p.Command("-X", "perf", dir+"/truth.py", dir+"/known.py").Output()
			if err != nil {
				t.Fatal(err)
			}
			want, whole := livetest.ParseRows(t, truth)
			w := p.Start(t, "-X", "perf", dir+"/known.py")
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			r, _ := livetest.Finish(t, s, w)
			livetest.Compare(t, r, want, whole)
		})
	}
}

// TestJIT: what a JIT has compiled passes no site. It is noticed and said, and
// no function is said to have been called more often than it was.
func TestJIT(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Distinct(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			if says(p, "sys._jit.is_enabled()", "PYTHON_JIT=1") != "True" {
				return // built without a JIT
			}
			dir := p.Workloads(t)
			truth, err := p.Command(dir+"/truth.py", dir+"/known.py").Output()
			if err != nil {
				t.Fatal(err)
			}
			want, _ := livetest.ParseRows(t, truth)
			c := p.Command(dir + "/known.py")
			c.Env = append(c.Env, "PYTHON_JIT=1")
			w := livetest.Begin(t, c)
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			r, _ := livetest.Finish(t, s, w)
			if of := r.Processes[0]; of.Status != collect.LowerBound || !strings.Contains(of.Reason, "JIT") {
				t.Errorf("%s: %s", of.Status, of.Reason)
			}
			got := livetest.Together(r)
			var all, seen uint64
			for _, row := range want {
				n := got[row.Key()].Calls
				all, seen = all+row.Calls, seen+n
				if n > row.Calls && !livetest.IsRacy(row.File) {
					t.Errorf("%s: %d calls, it made %d", row.Function, n, row.Calls)
				}
			}
			if seen == 0 {
				t.Error("nothing was counted")
			}
			t.Logf("%d of %d calls were seen", seen, all)
		})
	}
}
