package live_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/cpython"
)

// servedOnce lets each of number children call once, and checks that this was
// counted, of all of them and exactly.
func servedOnce(t *testing.T, s *Source, w *target, number int) {
	t.Helper()
	before := calls(read(t, s))["once"]
	fmt.Fprintln(w.in)
	w.line(t, "served")
	until(t, s, func(r *collect.Reading) string {
		if n := calls(r)["once"] - before; n != uint64(number) {
			return fmt.Sprintf("%d calls, want %d", n, number)
		}
		return ""
	})
	for _, p := range read(t, s).Processes {
		if p.Status != collect.Exact {
			t.Errorf("pid %d %q: %s: %s", p.Process.PID, p.Process.Command, p.Status, p.Reason)
		}
	}
}

// TestDescendants: workers that were forked before pytop came are watched with
// the process that was asked for, as those that are forked later.
func TestDescendants(t *testing.T) {
	needRoot(t)
	for _, p := range some(t) {
		for _, unfollowed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/unfollowed=%t", p.name, unfollowed), func(t *testing.T) {
				w := p.start(t, p.workloads(t)+"/family.py", "serve", "5")
				fmt.Fprintln(w.in)
				s := open(t, w, Options{Children: true, GIL: true, unfollowed: unfollowed})
				r := read(t, s)
				if n := len(workers(r, w.Process.Pid)); n != 5 || len(r.Processes) != 6 {
					t.Fatalf("%d workers, want 5, of %d processes", n, len(r.Processes))
				}
				servedOnce(t, s, w, 5)
				for _, p := range read(t, s).Processes {
					if p.GIL.Status != collect.GILExact || p.Unwatched != 0 {
						t.Errorf("pid %d: its GIL: %+v; %d are not watched", p.Process.PID, p.GIL, p.Unwatched)
					}
				}
				w.in.Close()
				readUntilEnd(t, s, 50*time.Millisecond)
				if !unfollowed {
					nothingHeld(t, s)
				}
			})
		}
	}
}

// TestWrapped: what a process that is no CPython has started is watched when
// that is asked for, and so is what it starts later, from the first call.
func TestWrapped(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	c := p.command(p.workloads(t)+"/family.py", "serve", "3")
	const script = "( \"$0\" \"$@\"; \"$0\" -S -c 'def after(): pass\nfor _ in range(7): after()'; true ); true"
	c.Path, c.Args = "/bin/sh", slices.Concat([]string{"sh", "-c", script}, c.Args)
	w := begin(t, c)
	if _, err := Open(Options{PIDs: []int{w.Process.Pid}}); !errors.Is(err, cpython.ErrNotPython) {
		t.Fatalf("without its children: %v", err)
	}
	fmt.Fprintln(w.in)
	s := open(t, w, Options{Children: true, GIL: true})
	r := read(t, s)
	if len(r.Processes) != 4 || !strings.Contains(r.Probes[0].Reason, "is not a CPython: what descends from it is watched") {
		t.Fatalf("%d processes, want 4; the probe says %q", len(r.Processes), r.Probes[0].Reason)
	}
	servedOnce(t, s, w, 3)
	w.in.Close()
	r = readUntilEnd(t, s, 50*time.Millisecond)
	if n := calls(r)["after"]; n != 7 {
		t.Errorf("%d calls of what was started later, want 7", n)
	}
	for _, p := range append(r.Past, r.Processes...) {
		if p.Status != collect.Exact {
			t.Errorf("pid %d %q: %s: %s", p.Process.PID, p.Process.Command, p.Status, p.Reason)
		}
	}
	nothingHeld(t, s)
}

// TestUnwatched: without Children it is said how many workers there are that
// are not watched, for as long as they run.
func TestUnwatched(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	w := p.start(t, p.workloads(t)+"/family.py", "serve", "3")
	s := open(t, w, Options{})
	r := read(t, s)
	if got := r.Processes[0]; len(r.Processes) != 1 || got.Unwatched != 3 || got.Payers != 0 || got.Status != collect.Exact {
		t.Errorf("%d processes, %d not watched, %d pay, %s", len(r.Processes), got.Unwatched, got.Payers, got.Status)
	}
	w.in.Close()
	if r = readUntilEnd(t, s, 50*time.Millisecond); r.Processes[0].Unwatched != 0 {
		t.Errorf("%d are not watched after all have ended", r.Processes[0].Unwatched)
	}
}
