package gil

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/livetest"
	"pytop/collect/proc"
)

// said is what testdata/workloads/gil.py knows itself.
type said struct {
	Took    float64 `json:"took"`
	Late    float64 `json:"late"`
	Threads int     `json:"threads"`
	PerS    float64 `json:"per_s"`
	NS      float64 `json:"ns_per_round"`
}

// once lets the workload do its work once.
func once(t testing.TB, w *livetest.Workload) said { return goes(t, w, "go") }

func goes(t testing.TB, w *livetest.Workload, line string) (s said) {
	t.Helper()
	if _, err := w.In.Write([]byte(line + "\n")); err != nil {
		t.Fatal(err)
	}
	answer := w.Line(t, "{")
	if err := json.Unmarshal([]byte(answer), &s); err != nil {
		t.Fatalf("%v in %q", err, answer)
	}
	return s
}

// follow starts a way of gil.py, and follows its GIL alone.
func follow(t *testing.T, p livetest.Python, way, seconds string) (*livetest.Workload, *source) {
	t.Helper()
	w := p.Start(t, p.Workloads(t)+"/gil.py", way, seconds)
	s := open(t, w, live.Options{Probes: onlyGIL})
	if g := s.first(); g.status != collect.ProbeOn {
		t.Fatalf("the GIL is not followed: %s", g.reason)
	}
	return w, s
}

// number is what CPython itself says of how often the first GIL changed hands.
func number(t *testing.T, s *source) uint64 {
	t.Helper()
	g := s.first()
	n, err := g.memory.GIL(g.gils[0].address)
	if err != nil {
		t.Fatal(err)
	}
	return n.SwitchNumber
}

// balanced checks what holds of every reading of a process that is not in the
// middle of anything.
func balanced(t *testing.T, s *source, r *collect.Reading) {
	t.Helper()
	probe := r.Probes[1]
	if probe.Status != collect.ProbeOn || probe.Reason != "" || probe.Lost != 0 {
		t.Errorf("probe %+v; process %+v done %+v", probe, s.first().now, s.first().done)
		for _, o := range s.first().gils {
			t.Logf("%+v", o.now)
		}
		for _, one := range s.table.all {
			t.Logf("thread %d: %d takes, %d drops, %d forced, %d waits, %d steps", one.name.tid, one.now.takes+one.done.takes, one.now.drops+one.done.drops,
				one.now.forced+one.done.forced, one.now.waits+one.done.waits, one.now.steps+one.done.steps)
		}
		t.Logf("%+v", r.GILs[0].Pairs)
	}
	for _, o := range s.first().gils {
		takes, drops := o.now.Takes+o.done.Takes, o.now.Drops+o.done.Drops
		if takes+1 < drops || drops+1 < takes {
			t.Errorf("%d takes and %d drops", takes, drops)
		}
	}
	in, out := map[uint64]uint64{}, map[uint64]uint64{}
	for _, g := range r.GILs {
		sum := uint64(0)
		for _, p := range g.Pairs {
			in[p.To] += p.Count
			out[p.From] += p.Count
			sum += p.Count
		}
		if sum != g.Switches {
			t.Errorf("%d switches, but %d from thread to thread", g.Switches, sum)
		}
		if g.Status != collect.GILExact {
			t.Errorf("status %s", g.Status)
		}
	}
	for _, one := range r.Threads {
		if d := int64(in[one.ID]) - int64(out[one.ID]); len(r.GILs) == 1 && (d < -1 || d > 1) {
			t.Errorf("thread %d: %d switches to it, %d from it", one.TID, in[one.ID], out[one.ID])
		}
	}
}

// TestGILSwitches: two threads that compute. Switches are as many as CPython
// counted, and holds add up to the run.
func TestGILSwitches(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		for _, way := range []string{"spin", "short"} {
			t.Run(p.Name+"/"+way, func(t *testing.T) {
				w, s := follow(t, p, way, "0.5")
				before, first := number(t, s), livetest.Read(t, s)
				result := once(t, w)
				time.Sleep(10 * time.Millisecond) // until it waits for the next line
				r := livetest.Read(t, s)
				balanced(t, s, r)
				g := r.GILs[0]
				if got, want := g.Switches-first.GILs[0].Switches, number(t, s)-before; got != want || got == 0 {
					t.Errorf("%d switches, CPython counted %d", got, want)
				}
				if held := (g.Held - first.GILs[0].Held).Seconds(); held > 1.01*result.Took+0.02 || held < 0.8*result.Took {
					t.Errorf("held %.3f s of %.3f s", held, result.Took)
				}
				named(t, r, "spin")
			})
		}
	}
}

// named checks that a function is what is blamed most.
func named(t *testing.T, r *collect.Reading, function string) {
	t.Helper()
	rows := collect.Diff(nil, r, 1).GILs[0].Blamed
	if len(rows) == 0 || rows[0].Place.Function != function && !strings.HasSuffix(rows[0].Place.Function, "."+function) || rows[0].Place.Line == 0 {
		t.Errorf("blamed %+v, not %s", rows, function)
	}
}

// TestGILLongHolds: one thread holds it in C code, another waits.
func TestGILLongHolds(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		for _, way := range []string{"sum", "sort", "regex"} {
			t.Run(p.Name+"/"+way, func(t *testing.T) {
				// In the process, the time that a thread was ready and another process
				// ran is not to be told from a wait: on a busy machine, again.
				var why string
				for range 4 {
					w, s := follow(t, p, way, "0.4")
					result := once(t, w)
					time.Sleep(10 * time.Millisecond)
					r := livetest.Read(t, s)
					balanced(t, s, r)
					var hold, wait time.Duration
					for _, one := range r.Threads {
						hold, wait = max(hold, one.HoldMax), max(wait, one.WaitMax)
					}
					if why = apart("longest hold", hold.Seconds(), result.Took) + apart("longest wait", wait.Seconds(), result.Late); why == "" {
						return
					}
				}
				t.Error(why)
			})
		}
	}
}

// apart says what is more than 2 % and a millisecond apart; empty: nothing.
func apart(what string, got, want float64) string {
	if math.Abs(got-want) > 0.02*want+0.001 {
		return fmt.Sprintf("%s %.4f s, in the process %.4f s; ", what, got, want)
	}
	return ""
}

// TestGILReleases: threads that release it often, and fork.
func TestGILReleases(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		for _, way := range []string{"releases", "forks"} {
			t.Run(p.Name+"/"+way, func(t *testing.T) {
				w := p.Start(t, p.Workloads(t)+"/gil.py", way, "0.3")
				s := open(t, w, live.Options{Probes: onlyGIL, Budget: 0})
				before, first := number(t, s), livetest.Read(t, s)
				once(t, w)
				time.Sleep(10 * time.Millisecond)
				r := livetest.Read(t, s)
				balanced(t, s, r)
				if got, want := r.GILs[0].Switches-first.GILs[0].Switches, number(t, s)-before; got != want || got == 0 {
					t.Errorf("%d switches, CPython counted %d", got, want)
				}
			})
		}
	}
}

// TestGILChurn: no take of a short thread is lost.
func TestGILChurn(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s := follow(t, p, "churn", "1")
			before, first := number(t, s), livetest.Read(t, s)
			result := once(t, w)
			time.Sleep(10 * time.Millisecond)
			r := livetest.Read(t, s)
			balanced(t, s, r)
			if got, want := r.GILs[0].Switches-first.GILs[0].Switches, number(t, s)-before; got != want {
				t.Errorf("%d switches, CPython counted %d", got, want)
			}
			ended, takes := 0, uint64(0)
			for _, one := range r.Threads {
				takes += one.Holds
				if one.Ended {
					ended++
				}
			}
			left := 0
			if err := kernelmap.ReadAll(s.table.Maps.Blame, func(bpf.BlameKey, bpf.BlameCount) { left++ }); err != nil || left > 100 {
				t.Errorf("%d entries of whom threads waited for are in the map, %v", left, err)
			}
			if ended != result.Threads || takes != r.GILs[0].Takes {
				t.Errorf("%d threads that ended, of %d; %d takes of %d", ended, result.Threads, takes, r.GILs[0].Takes)
			}
		})
	}
}

// TestGILEndsUntold: a thread whose end the kernel did not tell gives its slot
// back all the same, and what it did is kept.
func TestGILEndsUntold(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s := follow(t, p, "churn", "1")
			s.table.Lock.Lock()
			err := s.table.exit.Close()
			s.table.exit = nil
			s.table.Lock.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			result := once(t, w)
			livetest.Read(t, s) // they are looked for
			time.Sleep(endPatience + 50*time.Millisecond)
			r := livetest.Read(t, s)
			ended, takes, slots := 0, uint64(0), 0
			for _, one := range r.Threads {
				takes += one.Holds
				if one.Ended {
					ended++
				}
			}
			for _, one := range s.table.all {
				if one.slotID != 0 {
					slots++
				}
			}
			if slots > 2 || ended != result.Threads || takes != r.GILs[0].Takes {
				t.Errorf("%d slots in use; %d threads that ended, of %d; %d takes of %d", slots, ended, result.Threads, takes, r.GILs[0].Takes)
			}
		})
	}
}

// TestGILInterpreters: sub-interpreters with a GIL of their own. Whether both
// are seen to run depends on how fast the machine is: longer, if they were not.
func TestGILInterpreters(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			why := ""
			for _, seconds := range []float64{0.5, 4, 16} {
				if why = interpreters(t, p, seconds); why == "" {
					return
				}
			}
			t.Error(why)
		})
	}
}

func interpreters(t *testing.T, p livetest.Python, seconds float64) string {
	w, s := follow(t, p, "interpreters", fmt.Sprint(seconds))
	if s.first().Build.Python.Offsets.Interpreter.GIL == ^uint32(0) {
		return "" // all interpreters share one before 3.12
	}
	began := time.Now()
	fmt.Fprintln(w.In, "go")
	answered := make(chan error)
	go func() {
		_, err := w.Out.ReadString('\n')
		answered <- err
	}()
	for most := 0; ; time.Sleep(20 * time.Millisecond) {
		most = max(most, inModule(livetest.Read(t, s)))
		select {
		case err := <-answered:
			if err != nil {
				t.Fatal(err)
			}
			if most != 2 {
				return fmt.Sprintf("%d threads were seen to run the module of a sub-interpreter, not 2", most)
			}
		default:
			continue
		}
		break
	}
	r := livetest.Read(t, s)
	if len(r.GILs) != 3 {
		t.Fatalf("%d GILs", len(r.GILs))
	}
	for _, g := range r.GILs[1:] {
		if g.Held.Seconds() < 0.6*seconds || g.Held > time.Since(began) {
			t.Errorf("interpreter %d held its GIL %v of %v s", g.Interpreter, g.Held, seconds)
		}
	}
	return ""
}

// inModule is how many threads run a module in a sub-interpreter: not the
// function that called into it.
func inModule(r *collect.Reading) (n int) {
	for _, one := range r.Threads {
		if one.Interpreter > 0 && one.Place.Function == "<module>" {
			n++
		}
	}
	return n
}

// TestGILEnd: what holds or waits when the process ends leaves nothing behind.
func TestGILEnd(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s := follow(t, p, "daemons", "0.1")
			once(t, w)
			busy := 0
			for range 20 { // one may be between both
				busy = 0
				for _, one := range livetest.Read(t, s).Threads {
					if one.Holding > 0 || one.Waiting > 0 {
						busy++
					}
				}
				if busy >= 4 {
					break
				}
			}
			if busy < 4 {
				t.Errorf("%d threads hold or wait", busy)
			}
			w.In.Write([]byte("end\n"))
			w.In.Close()
			w.Wait()
			r := livetest.Last(t, s)
			for _, one := range r.Threads {
				if !one.Ended || one.Holding != 0 || one.Waiting != 0 || one.Hold < 0 || one.Wait < 0 {
					t.Errorf("%+v", one)
				}
			}
			if g := r.GILs[0]; g.Holder != 0 || g.HeldFor != 0 {
				t.Errorf("%d holds it after the end", g.Holder)
			}
			for slot := range s.table.Maps.GilThreads.MaxEntries() {
				var b threadBuffer
				if head, _ := b.head(s.table.threads, slot); head.Id != 0 {
					stats, err := s.first().build().gil.Exited.Stats()
					t.Errorf("slot %d is still thread %d's; the kernel left out %+v, %v", slot, head.Tid, stats, err)
				}
			}
		})
	}
}

// TestGILInTheMiddle attaches while it is held for long. Whether it then is
// depends on how fast the machine is at that moment: again, if it was not.
func TestGILInTheMiddle(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			why := ""
			for range 4 {
				if why = inTheMiddle(t, p); why == "" {
					return
				}
			}
			t.Error(why)
		})
	}
}

func inTheMiddle(t *testing.T, p livetest.Python) string {
	w := p.Start(t, p.Workloads(t)+"/gil.py", "sum", "3")
	defer w.Process.Kill()
	w.In.Write([]byte("go\n"))
	for range 200 { // until it has measured how long, and its threads run
		if tids, err := proc.System().TIDs(w.Process.Pid); err == nil && len(tids) == 3 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
	s := open(t, w, live.Options{Probes: onlyGIL})
	time.Sleep(50 * time.Millisecond)
	r := livetest.Read(t, s)
	waiting := 0
	for _, one := range r.Threads {
		if one.Waiting > 20*time.Millisecond {
			waiting++
		}
	}
	g := r.GILs[0]
	if g.Holder == 0 || g.Holder == w.Process.Pid || !g.AtLeast || g.HeldFor < 40*time.Millisecond || waiting != 1 {
		return fmt.Sprintf("holder %d for %v, at least %v; %d threads wait", g.Holder, g.HeldFor, g.AtLeast, waiting)
	}
	for _, one := range r.Threads {
		if want := g.Holder == one.TID; (g.HeldFor-one.Holding < 10*time.Millisecond) != want || (one.Hold >= one.Holding && one.Hold != 0) != want {
			t.Errorf("thread %d holds it for %v, %v in all; %d does, for %v", one.TID, one.Holding, one.Hold, g.Holder, g.HeldFor)
		}
		if one.TID == g.Holder && one.Caused < 20*time.Millisecond {
			t.Errorf("thread %d made others wait %v", one.TID, one.Caused)
		}
	}
	var by time.Duration
	for _, pair := range g.Pairs {
		if pair.FromTID == g.Holder {
			by += pair.Wait
		}
	}
	for _, b := range g.Blame {
		if b.TID != g.Holder {
			t.Errorf("%d is blamed for %v, %d holds it", b.TID, b.Wait, g.Holder)
		}
	}
	if by < 20*time.Millisecond {
		t.Errorf("others waited %v for thread %d", by, g.Holder)
	}
	return ""
}

// TestGILAlone: a thread that computes alone takes and drops nothing while
// pytop watches, and has held it all the same: also once it was killed.
func TestGILAlone(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := livetest.Begin(t, p.Command("-c", "print('waiting', flush=True)\nwhile True: pass"))
			s := open(t, w, live.Options{Probes: onlyGIL})
			time.Sleep(200 * time.Millisecond)
			check := func(r *collect.Reading, least time.Duration) {
				t.Helper()
				g, one := r.GILs[0], r.Threads[0]
				if g.Takes != 0 || g.Held < least || g.Held != g.Measured || one.Hold < g.Held-20*time.Millisecond || one.Hold > g.Held {
					t.Errorf("held %v of %v in %d takes, its thread %v", g.Held, g.Measured, g.Takes, one.Hold)
				}
			}
			r := livetest.Read(t, s)
			check(r, 200*time.Millisecond)
			if one := r.Threads[0]; one.Holding == 0 || r.GILs[0].Holder != one.TID {
				t.Errorf("%+v holds it", one)
			}
			if err := s.Detach("a test"); err != nil {
				t.Fatal(err)
			}
			detached := livetest.Read(t, s)
			check(detached, r.GILs[0].Held)
			if err := s.Attach(false); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
			r = livetest.Read(t, s)
			check(r, detached.GILs[0].Held+90*time.Millisecond)
			w.Process.Kill()
			w.Wait()
			time.Sleep(100 * time.Millisecond)
			r = livetest.Read(t, s)
			check(r, detached.GILs[0].Held+90*time.Millisecond)
			time.Sleep(50 * time.Millisecond)
			if again := livetest.Read(t, s); again.GILs[0].Measured != r.GILs[0].Measured || again.GILs[0].Held != r.GILs[0].Held || again.Threads[0].Hold != r.Threads[0].Hold {
				t.Errorf("it goes on after its end: %+v, then %+v", r.GILs[0], again.GILs[0])
			}
		})
	}
}

// TestGILBrake: detached, nothing is counted; attached again, it goes on.
func TestGILBrake(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.WithGIL(t)[0]
	w, s := follow(t, p, "spin", "0.2")
	first := number(t, s)
	once(t, w)
	time.Sleep(10 * time.Millisecond)
	counted := number(t, s) - first
	if err := s.Detach("braked"); err != nil { // before it is read
		t.Fatal(err)
	}
	once(t, w)
	off := livetest.Read(t, s)
	if a, b := counted, off.GILs[0].Switches; b != a && b != a-1 || off.Probes[1].Status != collect.ProbeOff { // the first take may be no switch that was seen
		t.Errorf("%d switches, then %d; %+v", a, b, off.Probes[1])
	}
	if err := s.Attach(false); err != nil {
		t.Fatal(err)
	}
	once(t, w)
	r := livetest.Read(t, s)
	balanced(t, s, r)
	if r.GILs[0].Switches < off.GILs[0].Switches+10 {
		t.Errorf("%d switches, then %d", off.GILs[0].Switches, r.GILs[0].Switches)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestGILStorm: above the limit its fields are read instead, and probes come
// back when it is calm.
func TestGILStorm(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.WithGIL(t)[0]
	w := p.Start(t, p.Workloads(t)+"/gil.py", "storm", "3")
	s := open(t, w, live.Options{Probes: onlyGIL, Budget: 0.5})
	w.In.Write([]byte("go\n"))
	time.Sleep(1500 * time.Millisecond)
	r := livetest.Read(t, s)
	if g := r.GILs[0]; g.Status != collect.GILSampled || g.Held < 200*time.Millisecond || !strings.Contains(r.Probes[1].Method, "times a second") {
		t.Errorf("%+v\n%+v", g, r.Probes[1])
	}
	w.Line(t, "{")
	time.Sleep(lookEvery + 500*time.Millisecond)
	if r = livetest.Read(t, s); !strings.Contains(r.Probes[1].Method, "condition variables") || r.Probes[1].Reason != "" {
		t.Errorf("%+v", r.Probes[1])
	}
}

// TestGILLongHoldKept: a long hold is kept with its thread and its stack, and
// for how long it lasted: half of it at least, as a busy machine is late to look.
func TestGILLongHoldKept(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s := follow(t, p, "sum", "1")
			result := once(t, w)
			list := livetest.Read(t, s).GILs[0].LongHolds
			longest := collect.LongHold{}
			for _, h := range list {
				if h.Lasted > longest.Lasted {
					longest = h
				}
			}
			if took := time.Duration(result.Took * 1e9); longest.Lasted > took+50*time.Millisecond || longest.Lasted < took/2 || longest.TID == 0 || len(longest.Stack) == 0 {
				t.Errorf("took %v, kept %+v", took, list)
			}
		})
	}
}

// TestGILWhoMadeWhomWait: what threads waited is of those who held it meanwhile,
// all of it but the time before pytop knew who held it.
func TestGILWhoMadeWhomWait(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s := follow(t, p, "spin", "0.5")
			once(t, w)
			time.Sleep(10 * time.Millisecond)
			r := livetest.Read(t, s)
			balanced(t, s, r)
			by := map[uint64]time.Duration{}
			caused := map[uint64]time.Duration{}
			for _, pair := range r.GILs[0].Pairs {
				if pair.From == pair.To && pair.Wait > 0 {
					t.Errorf("thread %d waited %v for itself", pair.FromTID, pair.Wait)
				}
				by[pair.To] += pair.Wait
				caused[pair.From] += pair.Wait
			}
			waited := time.Duration(0)
			for _, one := range r.Threads {
				waited += one.Wait
				if by[one.ID] > one.Wait || by[one.ID] < one.Wait*9/10-time.Millisecond {
					t.Errorf("thread %d waited %v, %v of it for those who held it", one.TID, one.Wait, by[one.ID])
				}
				if caused[one.ID] > one.Caused {
					t.Errorf("thread %d caused %v, %v of it by pairs", one.TID, one.Caused, caused[one.ID])
				}
			}
			if waited < 200*time.Millisecond {
				t.Errorf("waited %v in all", waited)
			}
		})
	}
}

// TestGILLongWaitKept: who waits while a long hold goes on is kept with its
// stack, with who holds it and in what function: half of the wait at least, as
// a busy machine is late to look.
func TestGILLongWaitKept(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s := follow(t, p, "sum", "1")
			result := once(t, w)
			g := livetest.Read(t, s).GILs[0]
			longest := collect.LongWait{}
			for _, one := range g.LongWaits {
				if one.Lasted > longest.Lasted {
					longest = one
				}
			}
			late := time.Duration(result.Late * 1e9)
			if longest.Lasted > late+50*time.Millisecond || longest.Lasted < late/2 || longest.TID == 0 || len(g.LongWaits) > keptWaits {
				t.Fatalf("late by %v, kept %+v", late, g.LongWaits)
			}
			if !inStack(longest.Stack, "ticker") || inStack(longest.Stack, "timed") {
				t.Errorf("the waiter's stack: %+v", longest.Stack)
			}
			holder := collect.LongHold{}
			for _, h := range g.LongHolds {
				if h.Lasted > holder.Lasted {
					holder = h
				}
			}
			if longest.Holder != holder.TID || longest.Holder == longest.TID || !inStack(longest.HolderStack, "timed") {
				t.Errorf("%d held it, in %+v; the long hold is of %d", longest.Holder, longest.HolderStack, holder.TID)
			}
		})
	}
}

// inStack tells whether a function is in a stack, by its name or the end of
// its qualified name.
func inStack(stack []collect.Place, function string) bool {
	return slices.ContainsFunc(stack, func(p collect.Place) bool {
		return p.Function == function || strings.HasSuffix(p.Function, "."+function)
	})
}

// TestClockOfTakenOut: what goes on when probes are taken out is known until
// then, however long that takes, and what began later not at all.
func TestClockOfTakenOut(t *testing.T) {
	g := followed{attachment: attachment{stopped: 1000}}
	for _, c := range []struct{ since, holding uint64 }{{0, 0}, {400, 600}, {1000, 0}, {1400, 0}} {
		n := threadCountsOf(&bpf.GILThread{HoldSince: c.since, WaitSince: c.since, HoldNs: 7, WaitNs: 7}, g.clock())
		if n.holding != c.holding || n.waiting != c.holding || n.hold != 7+c.holding || n.wait != 7+c.holding || n.holdMax != c.holding {
			t.Errorf("since %d: %+v", c.since, n)
		}
	}
	if g.stopped = 0; g.clock() < 1000 {
		t.Error("not the kernel's clock")
	}
}
