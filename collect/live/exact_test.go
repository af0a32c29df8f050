package live_test

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// TestExactKnown compares every function with the interpreter's own account
// of an identical run.
func TestExactKnown(t *testing.T) {
	needRoot(t)
	for _, p := range pythons(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			dir := p.workloads(t)
			truth, err := p.command(dir+"/truth.py", dir+"/known.py").Output()
			if err != nil {
				t.Fatal(err)
			}
			want, whole := parseRows(t, truth)
			w := p.start(t, dir+"/known.py")
			s := open(t, w, Options{})
			r, _ := finish(t, s, w)
			compare(t, r, want, whole)
			builds.add(p, r, want, !t.Failed())
		})
	}
	t.Cleanup(func() { builds.write(t) })
}

// TestExactOwnCount runs the workloads that know their own counts.
func TestExactOwnCount(t *testing.T) {
	needRoot(t)
	for _, p := range pythons(t) {
		for _, args := range []string{"switching.py", "edges.py recursion", "edges.py exec", "edges.py threads", "edges.py burst", "edges.py exit", "edges.py fork"} {
			t.Run(p.name+"/"+args, func(t *testing.T) {
				t.Parallel()
				dir := p.workloads(t)
				word := strings.Fields(args)
				w := p.start(t, append([]string{dir + "/" + word[0]}, word[1:]...)...)
				s := open(t, w, Options{})
				r, said := finish(t, s, w)
				want, _ := parseRows(t, said)
				compare(t, r, want, false)
			})
		}
	}
}
