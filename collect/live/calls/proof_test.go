package calls_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/livetest"
	"pytop/collect/live/probe"
	"pytop/collect/site"
)

// TestProof: what is seen running was counted, whatever threads, generators and
// code made while running do, and pytop says how many functions that proves.
func TestProof(t *testing.T) {
	livetest.NeedRoot(t)
	for i, p := range livetest.Distinct(t) {
		threads := 2
		if i == 0 {
			threads = 2 * calls.MostLooks // so that who holds the GIL is looked at first
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			w := p.Start(t, p.Workloads(t)+"/proof.py")
			s, c := open(t, w, live.Options{Probes: livetest.OnlyCalls})
			fmt.Fprintln(w.In, threads, "1")
			deadline := time.Now().Add(60 * time.Second)
			for {
				over, proven, missed, _ := c.Proof()
				if over > 3 && proven > 2 || missed > 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d functions proven in %d rounds", proven, over)
				}
				time.Sleep(200 * time.Millisecond)
				livetest.Read(t, s)
			}
			r, said := livetest.Finish(t, s, w)
			want, _ := livetest.ParseRows(t, said)
			livetest.Compare(t, r, want, false)
			for _, method := range []string{r.Probes[0].Method, r.Processes[0].Method} {
				if !strings.Contains(method, "functions seen running") {
					t.Errorf("the method is said to be %q", method)
				}
			}
		})
	}
}

// TestProofSiteMissing: where one site of several is left out, and a function's
// calls are missing for that, it is named.
func TestProofSiteMissing(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Distinct(t) {
		if strings.Contains(p.Notes, "debug") {
			continue // as the same version's other build, only slower
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			for i, sites := 0, 1; ; i++ {
				if i == sites {
					t.Fatal("no site is needed")
				}
				w := p.Start(t, p.Workloads(t)+"/proof.py")
				s, c := open(t, w, live.Options{Probes: livetest.OnlyCalls, Tests: probe.Tests{Without: func(list []site.Site) []site.Site {
					sites = len(list)
					return append(list[:i:i], list[i+1:]...)
				}}})
				if missing(t, s, c, w) {
					t.Logf("without site %d of %d", i+1, sites)
					return
				}
			}
		})
	}
}

// missing runs a workload until its hot function is said to be missing, or is
// seen to be counted, and compares that with the truth.
func missing(t *testing.T, s *live.Source, c *calls.Calls, w *livetest.Workload) (is bool) {
	t.Helper()
	fmt.Fprintln(w.In, "0 0")
	deadline := time.Now().Add(60 * time.Second)
	for before := uint64(0); ; {
		over, _, _, hot := c.Proof()
		if is = hot; is {
			break
		}
		r := livetest.Read(t, s)
		now := livetest.Calls(r)["hot"]
		if over > 2 && now > before {
			break
		}
		if before = now; time.Now().After(deadline) {
			t.Fatalf("it is not counted, and %s: %s", r.Processes[0].Status, r.Processes[0].Reason)
		}
		time.Sleep(200 * time.Millisecond)
	}
	r, said := livetest.Finish(t, s, w)
	for _, row := range mustRows(t, said) {
		if got := livetest.Calls(r)[row.Function]; row.Function == "hot" && (got < row.Calls) != is {
			t.Errorf("%d calls of %d were counted, and it is said to be missing: %v", got, row.Calls, is)
		}
	}
	if !is {
		return false
	}
	p, probe := r.Processes[0], r.Probes[0]
	if p.Status != collect.LowerBound {
		t.Errorf("status %s", p.Status)
	}
	for _, reason := range []string{p.Reason, probe.Reason} {
		if !strings.Contains(reason, "seen running and w") || !strings.Contains(reason, "(proof.py:") {
			t.Errorf("the reason is %q", reason)
		}
	}
	return true
}

func mustRows(t *testing.T, said []byte) []livetest.WantRow {
	t.Helper()
	rows, _ := livetest.ParseRows(t, said)
	return rows
}

// TestJITIsSeenRunning: calls inside a JIT's traces pass no site, which is told by the traces
// that are entered and by what is seen running.
func TestJITIsSeenRunning(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Distinct(t) {
		if p.Name != "debian-sid-3.14" && p.Name != "debian-sid-3.15" {
			continue // the others are built without
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			c := p.Command(p.Workloads(t) + "/proof.py")
			c.Env = append(c.Env, "PYTHON_JIT=1")
			w := livetest.Begin(t, c)
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			fmt.Fprintln(w.In, "0 0")
			deadline := time.Now().Add(60 * time.Second)
			r := livetest.Read(t, s)
			for r.Processes[0].Status != collect.LowerBound && time.Now().Before(deadline) {
				time.Sleep(200 * time.Millisecond)
				r = livetest.Read(t, s)
			}
			if got := r.Processes[0]; got.Status != collect.LowerBound || !strings.Contains(got.Reason, "JIT") && !strings.Contains(got.Reason, "seen running") {
				t.Errorf("%s: %s", got.Status, got.Reason)
			}
		})
	}
}
