package live_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestTwoHundred: 200 processes of a file cost about what one does.
func TestTwoHundred(t *testing.T) {
	if !livetest.Inside(t) {
		return
	}
	p := livetest.Own(t)
	attach := func(number int) (took time.Duration, memory uint64) {
		w := p.Start(t, p.Workloads(t)+"/family.py", "serve", fmt.Sprint(number))
		began := time.Now()
		s := livetest.OpenAll(t, live.Options{Probes: livetest.OnlyCalls})
		took = time.Since(began)
		r := livetest.Read(t, s)
		if len(r.Processes) != number+1 {
			t.Errorf("%d processes, want %d", len(r.Processes), number+1)
		}
		fmt.Fprintln(w.In)
		for range 3 {
			fmt.Fprintln(w.In)
			w.Line(t, "served")
		}
		var n uint64
		for deadline := time.Now().Add(2 * time.Second); n != uint64(3*number) && time.Now().Before(deadline); {
			r, n = livetest.Read(t, s), 0
			for key, c := range livetest.Together(r) {
				if key.Function == "once" {
					n += c.Calls
				}
			}
		}
		if n != uint64(3*number) {
			t.Errorf("%d calls, want %d", n, 3*number)
		}
		for _, p := range r.Processes {
			if p.Status != collect.Exact {
				t.Errorf("pid %d: %s %s", p.Process.PID, p.Status, p.Reason)
			}
		}
		began = time.Now()
		livetest.Read(t, s)
		reading := time.Since(began)
		began = time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		t.Logf("%d processes: ready after %v, a reading takes %v, closing %v; maps %d KiB, pytop %d MiB",
			number+1, took.Round(time.Millisecond), reading.Round(100*time.Microsecond), time.Since(began).Round(time.Millisecond), r.Self.Maps>>10, r.Self.Memory>>20)
		w.In.Close()
		w.Wait()
		return took, r.Self.Maps
	}
	attach(1) // what is found out once
	one, _ := attach(1)
	many, _ := attach(200)
	if many > 2*one+200*time.Millisecond {
		t.Errorf("attaching took %v for 201 processes, %v for 2", many, one)
	}
}

// TestFromOutside: a process in PID and mount namespaces of its own, whose
// file has been deleted meanwhile, is counted, under our PID, with its own
// beside it.
func TestFromOutside(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	p := livetest.Own(t)
	c := p.Command(p.Workloads(t) + "/obey.py")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS}
	w := livetest.Begin(t, c)
	if err := os.Remove(p.Path); err != nil {
		t.Fatal(err)
	}
	s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
	w.Obey(t, "make a 10", "made")
	w.Obey(t, "run a 3", "ran")
	r := livetest.Read(t, s)
	livetest.Family(t, r, "a", 10, 3)
	if got := r.Processes[0]; got.Process.PID != c.Process.Pid || got.Process.OwnPID != 1 || got.Status != collect.Exact {
		t.Errorf("pid %d, own pid %d, %s", got.Process.PID, got.Process.OwnPID, got.Status)
	}
}

// TestUnwatchable: one that is no Python, and one that is not there, do not
// stop the rest; each says why.
func TestUnwatchable(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	w := livetest.Obeying(t, livetest.Some(t)[0])
	s, err := live.Open(live.Options{Probes: livetest.OnlyCalls, PIDs: []int{os.Getpid(), w.Process.Pid, 1 << 21}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.Obey(t, "make a 10", "made")
	w.Obey(t, "run a 3", "ran")
	r := livetest.Read(t, s)
	livetest.Family(t, r, "a", 10, 3)
	var said []string
	for _, p := range r.Processes {
		said = append(said, string(p.Status)+" "+p.Reason)
	}
	if text := strings.Join(said, "\n"); len(said) != 3 || !strings.Contains(text, "not a Python") && !strings.Contains(text, "no CPython") && !strings.Contains(text, "not a CPython") || !strings.Contains(text, "no such process") {
		t.Errorf("the processes say:\n%s", text)
	}
	w.In.Close()
	w.Wait()
	if r := livetest.Last(t, s); !strings.Contains(r.EndReason, fmt.Sprint(w.Process.Pid)) {
		t.Errorf("the end says %q", r.EndReason)
	}
}

// TestBecome: another CPython is exec'd in the same process. It is noticed at
// once, not at the next reading, and what it calls from then on is counted.
func TestBecome(t *testing.T) {
	livetest.NeedRoot(t)
	from := livetest.Pythons(t)[0]
	for _, to := range livetest.Pythons(t)[1:] {
		if to.Chroot != "" || to.Path == "" {
			continue
		}
		t.Run(to.Name, func(t *testing.T) {
			t.Parallel()
			c := from.Command(from.Workloads(t)+"/family.py", "become")
			c.Env = append(c.Env, "BECOME="+to.Path)
			w := livetest.Begin(t, c)
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			fmt.Fprintln(w.In)
			w.Line(t, "became")
			attached := false // without any reading
			for deadline := time.Now().Add(10 * time.Second); !attached && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				s.Locked(func() { attached = s.Targets().Order[0].Note != "" })
			}
			r, said := livetest.Finish(t, s, w)
			want, _ := livetest.ParseRows(t, said)
			got := livetest.Together(r)
			for _, row := range want {
				n := got[row.Key()]
				if row.Function == "leaf" || row.Function == "work" { // before and after, from the same file
					row.Calls *= 2
				}
				if n.Calls != row.Calls {
					t.Errorf("%s: %d calls, want %d", row.Function, n.Calls, row.Calls)
				}
			}
			if p := r.Processes[0]; p.Status != collect.LowerBound || !strings.Contains(p.Reason, "exec'd another CPython") {
				t.Errorf("%s: %s", p.Status, p.Reason)
			}
		})
		if testing.Short() {
			break
		}
	}
}
