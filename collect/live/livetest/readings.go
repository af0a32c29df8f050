package livetest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// Some are the interpreters that these tests run on: the machine's own, and
// the oldest and newest of the others. What is tested here does not depend on
// the build, but the sites and the frames do.
func Some(t testing.TB) []Python {
	t.Helper()
	all := Pythons(t)
	if len(all) > 3 {
		all = []Python{all[0], all[1], all[len(all)-1]}
	}
	return all
}

// Obeying starts a workload that makes, calls and frees functions on command.
func Obeying(t testing.TB, p Python) *Workload {
	t.Helper()
	return p.Start(t, p.Workloads(t)+"/obey.py")
}

// Obey tells a workload something and returns its answer.
func (w *Workload) Obey(t testing.TB, command, answer string) string {
	t.Helper()
	if _, err := fmt.Fprintln(w.In, command); err != nil {
		t.Fatal(err)
	}
	return w.Line(t, answer)
}

// Calls are the calls of each function by name.
func Calls(r *collect.Reading) map[string]uint64 {
	n := map[string]uint64{}
	for _, c := range r.Codes {
		n[c.Code.Function] += c.Calls
	}
	return n
}

// Total is the sum of all calls.
func Total(r *collect.Reading) (n uint64) {
	for _, c := range r.Codes {
		n += c.Calls
	}
	return n
}

// Lost is how much was lost for a cause.
func Lost(r *collect.Reading, cause string) uint64 {
	for _, l := range r.Lost {
		if l.Cause == cause {
			return l.Count
		}
	}
	return 0
}

// Until reads until what is wanted is so; why says what is not.
func Until(t testing.TB, s Source, why func(r *collect.Reading) string) *collect.Reading {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r := Read(t, s)
		text := why(r)
		if text == "" {
			return r
		}
		if time.Now().After(deadline) {
			t.Fatal(text)
		}
	}
}

// ReadUntilEnd reads as a screen does, until nothing is left to count.
func ReadUntilEnd(t testing.TB, s Source, every time.Duration) *collect.Reading {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case <-s.Ended():
			return Last(t, s)
		case <-time.After(every):
			if r := Read(t, s); r.Final {
				return r
			}
		}
	}
	t.Fatal("the end was not noticed")
	return nil
}

// Await waits for what must come, however slow the machine is.
func Await(t testing.TB, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("it never came: %s", what)
		}
	}
}

// Read reads once.
func Read(t testing.TB, s Source) *collect.Reading {
	t.Helper()
	r, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Benchmarked are the interpreters that the benchmarks time: those named in
// PYTOP_BENCH, else all that are not debug builds.
func Benchmarked(t testing.TB) []Python {
	var list []Python
	names := os.Getenv("PYTOP_BENCH")
	for _, p := range Pythons(t) {
		if names != "" && strings.Contains(","+names+",", ","+p.Name+",") || names == "" && !strings.Contains(p.Notes, "debug") && !strings.Contains(p.Notes, "embed") && !strings.HasPrefix(p.Name, "stripped") {
			list = append(list, p)
		}
	}
	return list
}
