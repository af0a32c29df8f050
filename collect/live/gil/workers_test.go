package gil

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/live/probe"
)

// gilWorkers starts family.py with two workers whose GILs are followed.
func gilWorkers(t *testing.T, p livetest.Python, o live.Options) (*livetest.Workload, *source, *collect.Reading) {
	t.Helper()
	w := p.Start(t, p.Workloads(t)+"/family.py", "gil", "2")
	o.Children = true
	s := open(t, w, o)
	fmt.Fprintln(w.In)
	w.Line(t, "serving")
	return w, s, followedAll(t, s, w.Process.Pid, 2)
}

// TestGILWorkersLong: in each of several workers long holds are kept with the
// machine code they were in, long waits with who held the GIL, and blame.
func TestGILWorkersLong(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s, _ := gilWorkers(t, p, live.Options{Probes: onlyGIL})
			order(t, w, "h")
			r := livetest.Read(t, s)
			rows := collect.Diff(nil, r, 1).GILs
			for _, p := range workers(r, w.Process.Pid) {
				g, hold, wait := gilOfPID(t, r, p.Process.PID), collect.LongHold{}, collect.LongWait{}
				for _, one := range g.LongHolds {
					if one.Lasted > hold.Lasted {
						hold = one
					}
				}
				for _, one := range g.LongWaits {
					if one.Lasted > wait.Lasted {
						wait = one
					}
				}
				if n := hold.Native; n.Reason != "" || n.Ran.Looks == 0 || !inStack(hold.Stack, "timed") {
					t.Errorf("pid %d: a hold of %v by %d: %+v, in %+v", g.PID, hold.Lasted, hold.TID, n, hold.Stack)
				}
				if wait.TID == hold.TID || wait.Holder != hold.TID || !inStack(wait.HolderStack, "timed") || !inStack(wait.Stack, "ticker") {
					t.Errorf("pid %d: %+v, held by %d", g.PID, wait, hold.TID)
				}
				for _, row := range rows {
					if row.PID == g.PID && (len(row.Blamed) == 0 || row.Blamed[0].Thread != hold.TID || row.Blamed[0].Wait < wait.Lasted/2) {
						t.Errorf("pid %d: blamed %+v, %d held it", g.PID, row.Blamed, hold.TID)
					}
				}
			}
			livetest.Await(t, "no perf event is open", func() bool { return perfEvents(t) == 0 })
			w.In.Close()
			livetest.ReadUntilEnd(t, s, 50*time.Millisecond)
			noGILHeld(t, s)
		})
	}
}

// TestGILWorkersCrowd: each worker that uses other condition variables a lot
// changes over to the calls by itself, and nothing is lost; the parent, which
// does not, stays in libc.
func TestGILWorkersCrowd(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s, first := gilWorkers(t, p, live.Options{Probes: onlyGIL, Budget: 0.5})
			parent := w.Process.Pid
			order(t, w, "w") // the first take after an attach is no switch that was seen
			first = livetest.Until(t, s, func(r *collect.Reading) string { return took(t, r, first, parent, takesOfRound) })
			numbers := map[int]uint64{}
			for _, p := range workers(first, parent) {
				numbers[p.Process.PID] = numberOf(t, s, p.Process.PID)
			}
			livetest.Until(t, s, func(r *collect.Reading) string { // on a busy machine it may take more than one
				order(t, w, "c")
				s.table.Lock.Lock()
				defer s.table.Lock.Unlock()
				if calls := s.table.withPID(parent).build().calls; calls == nil || calls.followed != 2 {
					return fmt.Sprintf("the workers did not change over: %+v", r.Probes[1])
				}
				return ""
			})
			second := livetest.Until(t, s, func(r *collect.Reading) string {
				s.table.Lock.Lock()
				n := s.table.withPID(parent).conditions.followed
				s.table.Lock.Unlock()
				if n != 1 {
					return fmt.Sprintf("%d are followed in libc, not the parent alone", n)
				}
				for _, p := range workers(r, parent) {
					pid := p.Process.PID
					if got, want := gilOfPID(t, r, pid).Switches-gilOfPID(t, first, pid).Switches, numberOf(t, s, pid)-numbers[pid]; got != want || got < 4 {
						return fmt.Sprintf("pid %d: %d switches, CPython counted %d", pid, got, want)
					}
				}
				return ""
			})
			order(t, w, "w")
			r := livetest.Until(t, s, func(r *collect.Reading) string { return took(t, r, second, parent, takesOfRound) })
			for _, p := range workers(r, parent) {
				if p.GIL.Status != collect.GILExact {
					t.Errorf("pid %d: %+v", p.Process.PID, p.GIL)
				}
			}
			if m := r.Probes[1].Method; !strings.Contains(m, "condition variables in libc") || !strings.Contains(m, " call instructions in ") {
				t.Errorf("%q", m)
			}
			if err := syscall.Kill(workers(r, parent)[0].Process.PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			livetest.Until(t, s, func(*collect.Reading) string { // it is dropped after a reading that shows its end
				s.table.Lock.Lock()
				defer s.table.Lock.Unlock()
				if n := s.table.withPID(parent).build().calls.followed; n != 1 {
					return fmt.Sprintf("%d are followed at the calls, of one that lives", n)
				}
				return ""
			})
			w.In.Close()
			livetest.ReadUntilEnd(t, s, 50*time.Millisecond)
			noGILHeld(t, s)
		})
	}
}

// took says which worker did not take its GIL so often since; empty: all did.
func took(t *testing.T, r, since *collect.Reading, parent int, want uint64) string {
	t.Helper()
	for _, p := range workers(r, parent) {
		if n := gilOfPID(t, r, p.Process.PID).Takes - gilOfPID(t, since, p.Process.PID).Takes; n != want {
			return fmt.Sprintf("pid %d: %d takes, want %d", p.Process.PID, n, want)
		}
	}
	return ""
}

// TestGILBecome: a process that execs another CPython while its probes are at
// the calls of the one before is followed at those of the new one.
func TestGILBecome(t *testing.T) {
	livetest.NeedRoot(t)
	all := slices.DeleteFunc(livetest.Pythons(t), func(p livetest.Python) bool { return p.Chroot != "" || strings.Contains(p.Notes, "freethreaded") })
	from, to := all[0], all[len(all)-1]
	if from.Path == to.Path {
		t.Skip("there is one CPython here")
	}
	c := from.Command(from.Workloads(t)+"/family.py", "become")
	c.Env = append(c.Env, "BECOME="+to.Path)
	w := livetest.Begin(t, c)
	s := open(t, w, live.Options{Probes: onlyGIL, Tests: probe.Tests{AtCalls: true}})
	changedOver(t, s)
	before := s.first().build()
	fmt.Fprintln(w.In)
	w.Line(t, "became")
	livetest.Until(t, s, func(r *collect.Reading) string {
		s.table.Lock.Lock()
		defer s.table.Lock.Unlock()
		p := s.first()
		if p.build() == before || p.links == nil || p.calls == nil || p.calls != p.build().calls || p.left != nil || p.leaving != nil {
			return fmt.Sprintf("it runs %s: %+v", p.Build.Name, r.Probes[1])
		}
		return ""
	})
	livetest.Until(t, s, func(r *collect.Reading) string {
		if p := r.Processes[0]; p.GIL.Status != collect.GILLowerBound || !strings.Contains(p.GIL.Reason, "followed from ") {
			return fmt.Sprintf("%s: %q", p.GIL.Status, p.GIL.Reason)
		}
		return ""
	})
	if before.calls.followed != 0 || s.first().conditions.followed != 0 || s.first().build().calls.followed != 1 {
		t.Errorf("%d at the calls before, %d in libc, %d at the calls now", before.calls.followed, s.first().conditions.followed, s.first().build().calls.followed)
	}
}
