package calls_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/live/probe"
)

// TestFamily: what descendants call is counted from their first call, however
// they came to be, also of those that live for less than a reading.
func TestFamily(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		for _, mode := range []string{"prefork", "pool", "spawn", "shell", "short 40"} {
			t.Run(p.Name+"/"+strings.Fields(mode)[0], func(t *testing.T) {
				t.Parallel()
				dir := p.Workloads(t)
				w := p.Start(t, append([]string{dir + "/family.py"}, strings.Fields(mode)...)...)
				s, c := open(t, w, live.Options{Probes: livetest.OnlyCalls, Children: true})
				fmt.Fprintln(w.In)
				w.In.Close()
				said := make(chan string, 1)
				go func() {
					line, _ := w.Out.ReadString('\n')
					said <- line
				}()
				r := livetest.ReadUntilEnd(t, s, 100*time.Millisecond)
				want, _ := livetest.ParseRows(t, []byte(<-said))
				got := livetest.Together(r)
				for _, row := range want {
					if n := got[row.Key()]; n.Calls != row.Calls || n.Resumes != row.Resumes {
						t.Errorf("%s: %d calls and %d resumes, want %d and %d", row.Function, n.Calls, n.Resumes, row.Calls, row.Resumes)
					}
				}
				for _, l := range r.Lost {
					if l.Count > 0 {
						t.Errorf("lost: %d %s", l.Count, l.Text)
					}
				}
				for _, p := range append(r.Past, r.Processes...) {
					if p.Status != collect.Exact {
						t.Errorf("pid %d %q: %s: %s", p.Process.PID, p.Process.Command, p.Status, p.Reason)
					}
				}
				nothingHeld(t, c)
			})
		}
	}
}

// TestUnfollowed: where the kernel does not tell of forks, children are found
// by looking, and say from when on they are counted.
func TestUnfollowed(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	p := livetest.Some(t)[0]
	w := p.Start(t, p.Workloads(t)+"/family.py", "serve", "3", "later")
	s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls, Children: true, Tests: probe.Tests{Unfollowed: true}})
	fmt.Fprintln(w.In)
	w.Line(t, "serving")
	time.Sleep(1100 * time.Millisecond)
	fmt.Fprintln(w.In)
	w.Line(t, "served")
	time.Sleep(100 * time.Millisecond)
	r := livetest.Read(t, s)
	if len(r.Processes) != 4 {
		t.Fatalf("%d processes, want 4", len(r.Processes))
	}
	for _, p := range r.Processes[1:] {
		if p.Calls != 1 || p.Status != collect.LowerBound || !strings.Contains(p.Reason, "when it was noticed") {
			t.Errorf("pid %d: %d calls, %s: %s", p.Process.PID, p.Calls, p.Status, p.Reason)
		}
	}
	w.In.Close()
	w.Wait()
	r = livetest.ReadUntilEnd(t, s, 100*time.Millisecond)
	if got := r.Processes[0]; got.Status != collect.Exact {
		t.Errorf("the parent: %s: %s", got.Status, got.Reason)
	}
}

// TestChildrenPay: without Children, those who inherit the breakpoints are not
// counted, and it is said how many they are.
func TestChildrenPay(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	p := livetest.Some(t)[0]
	w := p.Start(t, p.Workloads(t)+"/family.py", "serve", "3", "later")
	s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
	fmt.Fprintln(w.In)
	w.Line(t, "serving")
	r := livetest.Read(t, s)
	if got := r.Processes[0]; len(r.Processes) != 1 || got.Payers != 3 || got.Status != collect.Exact {
		t.Errorf("%d processes, %d pay, %s", len(r.Processes), got.Payers, got.Status)
	}
	if !strings.Contains(r.Probes[0].Reason, "3 children have inherited the breakpoints") {
		t.Errorf("the probe says %q", r.Probes[0].Reason)
	}
	fmt.Fprintln(w.In)
	w.Line(t, "served")
	r, _ = livetest.Finish(t, s, w)
	for key, n := range livetest.Together(r) {
		if key.Function == "once" {
			t.Errorf("%d calls of children were counted", n.Calls)
		}
	}
	if r.Processes[0].Payers != 0 {
		t.Errorf("%d pay after all have ended", r.Processes[0].Payers)
	}
}
