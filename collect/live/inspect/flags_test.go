package inspect_test

import (
	"strings"
	"testing"

	"pytop/collect"
)

// says is what an interpreter prints of an expression over sys; empty: it
// cannot evaluate it.
func (p python) says(expression string, env ...string) string {
	c := p.command("-c", "import sys; print("+expression+")")
	c.Env = append(c.Env, env...)
	c.Stderr = nil
	out, _ := c.Output()
	return strings.TrimSpace(string(out))
}

// TestPerfTrampolines: with -X perf (3.12 and later) each function is entered
// through a trampoline of its own, and counted all the same.
func TestPerfTrampolines(t *testing.T) {
	needRoot(t)
	for _, p := range distinct(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if p.says("sys.version_info >= (3, 12)") != "True" {
				return // has no -X perf
			}
			dir := p.workloads(t)
			truth, err := p.command("-X", "perf", dir+"/truth.py", dir+"/known.py").Output()
			if err != nil {
				t.Fatal(err)
			}
			want, whole := parseRows(t, truth)
			w := p.start(t, "-X", "perf", dir+"/known.py")
			s := open(t, w, Options{})
			r, _ := finish(t, s, w)
			compare(t, r, want, whole)
		})
	}
}

// TestJIT: what a JIT has compiled passes no site. It is noticed and said, and
// no function is said to have been called more often than it was.
func TestJIT(t *testing.T) {
	needRoot(t)
	for _, p := range distinct(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if p.says("sys._jit.is_enabled()", "PYTHON_JIT=1") != "True" {
				return // built without a JIT
			}
			dir := p.workloads(t)
			truth, err := p.command(dir+"/truth.py", dir+"/known.py").Output()
			if err != nil {
				t.Fatal(err)
			}
			want, _ := parseRows(t, truth)
			c := p.command(dir + "/known.py")
			c.Env = append(c.Env, "PYTHON_JIT=1")
			w := begin(t, c)
			s := open(t, w, Options{})
			r, _ := finish(t, s, w)
			if of := r.Processes[0]; of.Status != collect.LowerBound || !strings.Contains(of.Reason, "JIT") {
				t.Errorf("%s: %s", of.Status, of.Reason)
			}
			got := together(r)
			var all, seen uint64
			for _, row := range want {
				n := got[rowKey{row.File, row.Function, row.Line}].calls
				all, seen = all+row.Calls, seen+n
				if n > row.Calls && !isRacy(row.File) {
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
