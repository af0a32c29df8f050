package livetest

import (
	"fmt"
	"strings"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/calls"
)

// ExecUnseen opens a source on a workload whose children exec and end before it
// is known what they run, and checks that this is said.
func ExecUnseen(t *testing.T) (*live.Source, *calls.Calls) {
	t.Helper()
	p := Some(t)[0]
	w := Begin(t, p.Command("-c", "import os, sys\nprint('waiting', flush=True)\nfor line in sys.stdin:\n    for n in range(20):\n        pid = os.posix_spawn('/bin/true', ['true'], {})\n        os.waitpid(pid, 0)\n    print('did', flush=True)"))
	o := live.Options{Probes: OnlyCalls, Children: true}
	found := Made[*calls.Calls](&o)
	s := Open(t, w, o)
	c := *found
	c.Lock.Lock() // as when pytop is slow
	fmt.Fprintln(w.In, "go")
	w.Line(t, "did")
	c.Lock.Unlock()
	r := Until(t, s, func(r *collect.Reading) string {
		if want := "20 processes exec'd and ended before it was known what they ran"; !strings.Contains(r.Probes[0].Reason, want) {
			return fmt.Sprintf("the probe says %q", r.Probes[0].Reason)
		}
		return ""
	})
	if got := r.Processes[0]; got.Status != collect.Exact {
		t.Errorf("the parent: %s: %s", got.Status, got.Reason)
	}
	return s, c
}
