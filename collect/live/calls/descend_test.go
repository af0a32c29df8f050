package calls_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/cpython"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/live/probe"
)

// servedOnce lets each of number children call once, and checks that this was
// counted, of all of them and exactly.
func servedOnce(t *testing.T, s *live.Source, w *livetest.Workload, number int) {
	t.Helper()
	before := livetest.Calls(livetest.Read(t, s))["once"]
	fmt.Fprintln(w.In)
	w.Line(t, "served")
	livetest.Until(t, s, func(r *collect.Reading) string {
		if n := livetest.Calls(r)["once"] - before; n != uint64(number) {
			return fmt.Sprintf("%d calls, want %d", n, number)
		}
		return ""
	})
	for _, p := range livetest.Read(t, s).Processes {
		if p.Status != collect.Exact {
			t.Errorf("pid %d %q: %s: %s", p.Process.PID, p.Process.Command, p.Status, p.Reason)
		}
	}
}

// TestDescendants: workers that were forked before pytop came are watched with
// the process that was asked for, as those that are forked later.
func TestDescendants(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		for _, unfollowed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/unfollowed=%t", p.Name, unfollowed), func(t *testing.T) {
				w := p.Start(t, p.Workloads(t)+"/family.py", "serve", "5")
				fmt.Fprintln(w.In)
				s, c := open(t, w, live.Options{Children: true, Tests: probe.Tests{Unfollowed: unfollowed}})
				r := livetest.Read(t, s)
				if n := len(livetest.Workers(r, w.Process.Pid)); n != 5 || len(r.Processes) != 6 {
					t.Fatalf("%d workers, want 5, of %d processes", n, len(r.Processes))
				}
				servedOnce(t, s, w, 5)
				for _, p := range livetest.Read(t, s).Processes {
					if p.GIL.Status != collect.GILExact || p.Unwatched != 0 {
						t.Errorf("pid %d: its GIL: %+v; %d are not watched", p.Process.PID, p.GIL, p.Unwatched)
					}
				}
				w.In.Close()
				livetest.ReadUntilEnd(t, s, 50*time.Millisecond)
				if !unfollowed {
					nothingHeld(t, c)
				}
			})
		}
	}
}

// TestWrapped: what a process that is no CPython has started is watched when
// that is asked for, and so is what it starts later, from the first call.
func TestWrapped(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	c := p.Command(p.Workloads(t)+"/family.py", "serve", "3")
	const script = "( \"$0\" \"$@\"; \"$0\" -S -c 'def after(): pass\nfor _ in range(7): after()'; true ); true"
	c.Path, c.Args = "/bin/sh", slices.Concat([]string{"sh", "-c", script}, c.Args)
	w := livetest.Begin(t, c)
	if _, err := live.Open(live.Options{Probes: livetest.OnlyCalls, PIDs: []int{w.Process.Pid}}); !errors.Is(err, cpython.ErrNotPython) {
		t.Fatalf("without its children: %v", err)
	}
	fmt.Fprintln(w.In)
	s, one := open(t, w, live.Options{Children: true})
	r := livetest.Read(t, s)
	if len(r.Processes) != 4 || !strings.Contains(r.Probes[0].Reason, "is not a CPython: what descends from it is watched") {
		t.Fatalf("%d processes, want 4; the probe says %q", len(r.Processes), r.Probes[0].Reason)
	}
	servedOnce(t, s, w, 3)
	w.In.Close()
	r = livetest.ReadUntilEnd(t, s, 50*time.Millisecond)
	if n := livetest.Calls(r)["after"]; n != 7 {
		t.Errorf("%d calls of what was started later, want 7", n)
	}
	for _, p := range append(r.Past, r.Processes...) {
		if p.Status != collect.Exact {
			t.Errorf("pid %d %q: %s: %s", p.Process.PID, p.Process.Command, p.Status, p.Reason)
		}
	}
	nothingHeld(t, one)
}

// TestUnwatched: without Children it is said how many workers there are that
// are not watched, for as long as they run.
func TestUnwatched(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	w := p.Start(t, p.Workloads(t)+"/family.py", "serve", "3")
	s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
	r := livetest.Read(t, s)
	if got := r.Processes[0]; len(r.Processes) != 1 || got.Unwatched != 3 || got.Payers != 0 || got.Status != collect.Exact {
		t.Errorf("%d processes, %d not watched, %d pay, %s", len(r.Processes), got.Unwatched, got.Payers, got.Status)
	}
	w.In.Close()
	if r = livetest.ReadUntilEnd(t, s, 50*time.Millisecond); r.Processes[0].Unwatched != 0 {
		t.Errorf("%d are not watched after all have ended", r.Processes[0].Unwatched)
	}
}
