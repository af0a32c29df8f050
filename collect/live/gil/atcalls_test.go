package gil

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/live/probe"
	"pytop/collect/site"
)

// atCalls checks that a process's probes are at the instructions that call libc.
func atCalls(t *testing.T, s *source, r *collect.Reading) {
	t.Helper()
	if g := s.first(); g.calls == nil || !strings.Contains(r.Probes[1].Method, " call instructions in ") {
		t.Errorf("not at the calls: %+v; %s", r.Probes[1], g.stays)
	}
}

// agreed checks that switches are as many as CPython counted.
func agreed(t *testing.T, s *source, r, first *collect.Reading, before uint64) {
	t.Helper()
	if got, want := r.GILs[0].Switches-first.GILs[0].Switches, number(t, s)-before; got != want || got == 0 {
		t.Errorf("%d switches, CPython counted %d", got, want)
	}
}

// TestGILCalls: at the instructions that call libc's functions the same is
// counted as in the functions, in every build.
func TestGILCalls(t *testing.T) {
	livetest.NeedRoot(t)
	for i, p := range livetest.WithGIL(t) {
		for _, way := range []string{"spin", "releases", "sum", "old"} {
			if way == "old" && i > 0 {
				continue // perf event uprobes: the attach alone is another
			}
			t.Run(p.Name+"/"+way, func(t *testing.T) {
				o := live.Options{Probes: onlyGIL, Tests: probe.Tests{AtCalls: true, Old: way == "old"}}
				w := p.Start(t, p.Workloads(t)+"/gil.py", strings.Replace(way, "old", "releases", 1), "0.3")
				s := open(t, w, o)
				changedOver(t, s)
				before, first := number(t, s), livetest.Read(t, s)
				once(t, w)
				time.Sleep(10 * time.Millisecond) // until it waits for the next line
				r := livetest.Read(t, s)
				balanced(t, s, r)
				atCalls(t, s, r)
				agreed(t, s, r, first, before)
				if way == "spin" {
					named(t, r, "spin")
				}
				if r.GILs[0].Takes < first.GILs[0].Takes+10 {
					t.Errorf("%d takes, then %d", first.GILs[0].Takes, r.GILs[0].Takes)
				}
			})
		}
	}
}

// TestGILChangeOver: while threads take and drop as often as they can, probes
// change over, and nothing is lost or counted twice.
func TestGILChangeOver(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := p.Start(t, p.Workloads(t)+"/gil.py", "releases", "1")
			s := open(t, w, live.Options{Probes: onlyGIL})
			before, first := number(t, s), livetest.Read(t, s)
			w.In.Write([]byte("go\n"))
			for r := livetest.Read(t, s); r.GILs[0].Switches < first.GILs[0].Switches+20; r = livetest.Read(t, s) {
				time.Sleep(10 * time.Millisecond) // until its threads run
			}
			changeOver(t, s)
			changed := livetest.Read(t, s)
			w.Line(t, "{")
			if livetest.Read(t, s).GILs[0].Takes <= changed.GILs[0].Takes { // its second was over before: the machine is busy
				once(t, w)
			}
			time.Sleep(10 * time.Millisecond)
			r := livetest.Read(t, s)
			balanced(t, s, r)
			atCalls(t, s, r)
			agreed(t, s, r, first, before)
			if r.GILs[0].Takes <= changed.GILs[0].Takes {
				t.Error("nothing was counted since")
			}
		})
	}
}

// TestGILCrowd: where it is other condition variables that cost, probes change
// over by themselves; their hits end, and nothing is lost.
func TestGILCrowd(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := p.Start(t, p.Workloads(t)+"/gil.py", "crowd", "1.5")
			s := open(t, w, live.Options{Probes: onlyGIL, Budget: 0.5})
			before, first := number(t, s), livetest.Read(t, s)
			w.In.Write([]byte("go\n"))
			changedOver(t, s)
			livetest.Read(t, s)
			other := s.first().now.Other
			if other < 1000 {
				t.Errorf("%d hits of others made it change over", other)
			}
			w.Line(t, "{")
			time.Sleep(10 * time.Millisecond)
			r := livetest.Read(t, s)
			balanced(t, s, r)
			atCalls(t, s, r)
			agreed(t, s, r, first, before)
			if now := s.first().now.Other; now != other {
				t.Errorf("%d hits of others, then %d", other, now)
			}
		})
	}
}

// TestGILCallsRefused: where the calls cannot be found the probes stay, say why,
// and step back by what they cost, as ever.
func TestGILCallsRefused(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.WithGIL(t)[0]
	w := p.Start(t, p.Workloads(t)+"/gil.py", "crowd", "2")
	s := open(t, w, live.Options{Probes: onlyGIL, Budget: 0.5})
	s.table.Lock.Lock()
	s.first().build().callsErr = errors.New("it calls through a register")
	s.table.Lock.Unlock()
	w.In.Write([]byte("go\n"))
	var probe collect.Probe
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(probe.Method, "times a second"); probe = livetest.Read(t, s).Probes[1] {
		if time.Sleep(20 * time.Millisecond); time.Now().After(deadline) {
			t.Fatalf("%+v", probe)
		}
	}
	for _, want := range []string{"probes stay in libc", "other condition variables: it calls through a register", "probes took"} {
		if !strings.Contains(probe.Reason, want) {
			t.Errorf("%q does not say %q", probe.Reason, want)
		}
	}
}

// TestGILCallsBack: where some calls are missing, what is counted does not agree
// with CPython's own fields: the probes go back, and it is said.
func TestGILCallsBack(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.WithGIL(t)[0]
	for _, missing := range []string{"drops", "takes", "both"} {
		t.Run(missing, func(t *testing.T) {
			w, s := follow(t, p, "spin", "0.5")
			one := s.first()
			s.table.Lock.Lock()
			all, err := one.build().callsOf()
			if err == nil {
				one.build().calls = without(t, one.build(), all, missing)
			}
			s.table.Lock.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			changeOver(t, s)
			once(t, w)
			var r *collect.Reading
			for deadline := time.Now().Add(20 * time.Second); r == nil || !strings.Contains(r.Probes[1].Reason, "probes are back in libc"); r = livetest.Read(t, s) {
				if time.Sleep(20 * time.Millisecond); time.Now().After(deadline) {
					t.Fatalf("%+v", r.Probes[1])
				}
			}
			if r.Probes[1].Status != collect.ProbeOn || !strings.Contains(r.Probes[1].Method, "condition variables in libc") || r.GILs[0].Status != collect.GILLowerBound {
				t.Errorf("%+v, %s", r.Probes[1], r.GILs[0].Status)
			}
			once(t, w) // the first take after an attach is no switch that was seen
			time.Sleep(10 * time.Millisecond)
			before, first := number(t, s), livetest.Read(t, s)
			once(t, w)
			time.Sleep(10 * time.Millisecond)
			agreed(t, s, livetest.Read(t, s), first, before)
		})
	}
}

// without is calls without those of take_gil, where there is a wait with a
// deadline, those of drop_gil, or both.
func without(t *testing.T, b *build, all *conditions, missing string) *conditions {
	t.Helper()
	take, ok := b.ELF.CodeAt(all.timedwait[0].Address)
	if !ok {
		t.Fatal("take_gil is not described")
	}
	some := *all
	some.signal = nil
	for _, one := range all.signal {
		if inTake := one.Address >= take.Start && one.Address < take.End; missing != "both" && inTake == (missing == "drops") {
			some.signal = append(some.signal, one)
		}
	}
	if missing == "both" {
		never, ok := b.ELF.Symbol("Py_FinalizeEx")
		if !ok {
			t.Fatal("no Py_FinalizeEx")
		}
		one, err := site.FindPrologue(b.ELF, never)
		if err != nil {
			t.Fatal(err)
		}
		some.signal = []site.Site{one}
	}
	return &some
}
