package calls

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/site"
)

// rounds is how many rounds of the proof are over, and how many functions of
// the first process were proven and missed.
func (s *Source) rounds() (over uint64, proven, missed int, hot bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.order[0]
	for name := range p.missed {
		hot = hot || name.function == "hot"
	}
	return s.proving.round, p.proven, len(p.missed), hot
}

// TestProof: what is seen running was counted, whatever threads, generators and
// code made while running do, and pytop says how many functions that proves.
func TestProof(t *testing.T) {
	needRoot(t)
	for i, p := range distinct(t) {
		threads := 2
		if i == 0 {
			threads = 2 * mostLooks // so that who holds the GIL is looked at first
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := p.start(t, p.workloads(t)+"/proof.py")
			s := open(t, w, Options{})
			fmt.Fprintln(w.in, threads, "1")
			deadline := time.Now().Add(60 * time.Second)
			for {
				over, proven, missed, _ := s.rounds()
				if over > 3 && proven > 2 || missed > 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d functions proven in %d rounds", proven, over)
				}
				time.Sleep(200 * time.Millisecond)
				read(t, s)
			}
			r, said := finish(t, s, w)
			want, _ := parseRows(t, said)
			compare(t, r, want, false)
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
	needRoot(t)
	for _, p := range distinct(t) {
		if strings.Contains(p.notes, "debug") {
			continue // as the same version's other build, only slower
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for i, sites := 0, 1; ; i++ {
				if i == sites {
					t.Fatal("no site is needed")
				}
				w := p.start(t, p.workloads(t)+"/proof.py")
				s := open(t, w, Options{without: func(list []site.Site) []site.Site {
					sites = len(list)
					return append(list[:i:i], list[i+1:]...)
				}})
				if missing(t, s, w) {
					t.Logf("without site %d of %d", i+1, sites)
					return
				}
			}
		})
	}
}

// missing runs a workload until its hot function is said to be missing, or is
// seen to be counted, and compares that with the truth.
func missing(t *testing.T, s *Source, w *target) (is bool) {
	t.Helper()
	fmt.Fprintln(w.in, "0 0")
	deadline := time.Now().Add(60 * time.Second)
	for before := uint64(0); ; {
		over, _, _, hot := s.rounds()
		if is = hot; is {
			break
		}
		r := read(t, s)
		now := calls(r)["hot"]
		if over > 2 && now > before {
			break
		}
		if before = now; time.Now().After(deadline) {
			t.Fatalf("it is not counted, and %s: %s", r.Processes[0].Status, r.Processes[0].Reason)
		}
		time.Sleep(200 * time.Millisecond)
	}
	r, said := finish(t, s, w)
	for _, row := range mustRows(t, said) {
		if got := calls(r)[row.Function]; row.Function == "hot" && (got < row.Calls) != is {
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

func mustRows(t *testing.T, said []byte) []wantRow {
	t.Helper()
	rows, _ := parseRows(t, said)
	return rows
}

func TestMissedWords(t *testing.T) {
	for _, c := range []struct {
		missed map[objectName]bool
		want   string
	}{
		{map[objectName]bool{{"/srv/shop.py", "Cart.price", 12}: true}, "1 function was seen running and was not counted then: Cart.price (shop.py:12)"},
		{map[objectName]bool{{"b.py", "f", 1}: true, {"a.py", "g\x1b[31m", 2}: true, {"a.py", "f", 3}: true},
			"3 functions were seen running and were not counted then, such as g?[31m (a.py:2)"},
		{map[objectName]bool{{"a.py", strings.Repeat("é", 100), 1}: true}, "1 function was seen running and was not counted then: " + strings.Repeat("é", 80) + "… (a.py:1)"},
	} {
		if got := missedWords(c.missed); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := provenWords(0) + provenWords(1) + provenWords(2); got != ", proven on 1 function seen running, proven on 2 functions seen running" {
		t.Errorf("%q", got)
	}
}

// TestJITIsSeenRunning: calls inside a JIT's traces pass no site, which is told by the traces
// that are entered and by what is seen running.
func TestJITIsSeenRunning(t *testing.T) {
	needRoot(t)
	for _, p := range distinct(t) {
		if p.name != "debian-sid-3.14" && p.name != "debian-sid-3.15" {
			continue // the others are built without
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			c := p.command(p.workloads(t) + "/proof.py")
			c.Env = append(c.Env, "PYTHON_JIT=1")
			w := begin(t, c)
			s := open(t, w, Options{})
			fmt.Fprintln(w.in, "0 0")
			deadline := time.Now().Add(60 * time.Second)
			r := read(t, s)
			for r.Processes[0].Status != collect.LowerBound && time.Now().Before(deadline) {
				time.Sleep(200 * time.Millisecond)
				r = read(t, s)
			}
			if got := r.Processes[0]; got.Status != collect.LowerBound || !strings.Contains(got.Reason, "JIT") && !strings.Contains(got.Reason, "seen running") {
				t.Errorf("%s: %s", got.Status, got.Reason)
			}
		})
	}
}
