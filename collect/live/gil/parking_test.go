package gil

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/proc"
)

// free are the interpreters of the matrix that have no GIL.
func free(t testing.TB) []livetest.Python {
	t.Helper()
	livetest.NeedRoot(t)
	var list []livetest.Python
	for _, p := range livetest.Pythons(t) {
		if strings.Contains(p.Notes, "freethreaded") {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("no free-threaded CPython: make pythons")
		}
		t.Skip("no free-threaded CPython here: make pythons")
	}
	return list
}

// wait is what freethreaded.py says of a round, in seconds.
type wait struct {
	Took      float64 `json:"took"`
	CPU       float64 `json:"cpu"` // of took, on a CPU
	Stopper   int     `json:"stopper"`
	Exchanges int     `json:"exchanges"`
}

// parks lets freethreaded.py do its work once, and returns what it says, what
// was read afterwards, and how long its main thread was ready to run meanwhile
// and another ran.
func parks(t *testing.T, p livetest.Python, way, rounds string, o live.Options) (*livetest.Workload, *source, wait, *collect.Reading, float64) {
	t.Helper()
	w := p.Start(t, p.Workloads(t)+"/freethreaded.py", way, rounds)
	o.Probes = onlyGIL
	s := open(t, w, o)
	if g := s.first(); g.status != collect.ProbeOn || g.world == nil {
		t.Fatalf("its waits are not followed: %s", g.reason)
	}
	livetest.Read(t, s)
	pid := w.Process.Pid
	before, err := proc.System().ThreadStat(pid, pid)
	if err != nil {
		t.Fatal(err)
	}
	var said wait
	line := w.Obey(t, "go", "{")
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	r := livetest.Read(t, s)
	after, err := proc.System().ThreadStat(pid, pid)
	if err != nil {
		t.Fatal(err)
	}
	return w, s, said, r, (after.RunQueue - before.RunQueue).Seconds()
}

// main is a process's main thread.
func mainThread(t *testing.T, w *livetest.Workload, r *collect.Reading) *collect.ThreadReading {
	t.Helper()
	for i := range r.Threads {
		if r.Threads[i].TID == w.Process.Pid {
			return &r.Threads[i]
		}
	}
	t.Fatal("the main thread is not listed")
	return nil
}

// asleep checks a time that a thread waited, in seconds, by the thread's own
// clocks: it was as long as it ran on no CPU, but for the time that it was
// ready to and another ran.
func asleep(t *testing.T, what string, got float64, said wait, queued float64) {
	t.Helper()
	off := said.Took - said.CPU
	t.Logf("%s %.4f s; it took %.4f s, on a CPU %.4f s, ready to run up to %.4f s", what, got, said.Took, said.CPU, queued)
	const slack = 0.005 // each clock is read at another moment
	if got > off+slack || got < off-queued-slack || got == 0 {
		t.Errorf("%s %.4f s, by its own clocks %.4f s at most, %.4f s at least", what, got, off, off-queued)
	}
}

// TestFreeThreadedMutex: each append to a list that is sorted waits once.
func TestFreeThreadedMutex(t *testing.T) {
	for _, p := range free(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s, said, r, queued := parks(t, p, "mutex", "4", live.Options{})
			one := mainThread(t, w, r)
			if one.Waits < 4 || !one.NoGIL || one.Holds != 0 {
				t.Errorf("%+v", one)
			}
			asleep(t, "waited", one.Wait.Seconds(), said, queued)
			sum := uint64(0)
			for _, n := range one.WaitHist {
				sum += n
			}
			if sum != one.Waits || one.WaitMax > one.Wait || one.WaitMax < one.Wait/time.Duration(one.Waits) {
				t.Errorf("%d waits, %d in the histogram, %v in all, longest %v", one.Waits, sum, one.Wait, one.WaitMax)
			}
			clean(t, s, r)
		})
	}
}

// TestFreeThreadedPause: each collection of garbage stops a thread that
// computes, and twice unless it did not come to run in between.
func TestFreeThreadedPause(t *testing.T) {
	const rounds = 5
	for _, p := range free(t) {
		t.Run(p.Name, func(t *testing.T) {
			w, s, said, r, queued := parks(t, p, "pause", "5", live.Options{})
			one, world := mainThread(t, w, r), r.Worlds[0]
			if one.Pauses < rounds || one.Pauses > 2*rounds {
				t.Errorf("%d pauses in %d collections", one.Pauses, rounds)
			}
			asleep(t, "paused", one.Pause.Seconds(), said, queued)
			if world.Pauses < one.Pauses || world.Pauses > 2*rounds || world.Pause < one.Pause || world.PauseMax < one.PauseMax || world.Pausing != 0 {
				t.Errorf("the world: %+v; a thread that was always there: %d pauses, %v, longest %v", world, one.Pauses, one.Pause, one.PauseMax)
			}
			known := uint64(0)
			for _, b := range world.Stoppers {
				if b.TID == said.Stopper {
					known += b.Pauses
				} else if b.TID != 0 {
					t.Errorf("stopped by %d, not %d: %+v", b.TID, said.Stopper, world.Stoppers)
				}
			}
			if known == 0 { // it is learnt when it waits for others to stop
				t.Errorf("none of %d pauses was told to be made by thread %d: %+v", world.Pauses, said.Stopper, world.Stoppers)
			}
			t.Logf("%d of %d pauses were told to be made by thread %d", known, world.Pauses, said.Stopper)
			clean(t, s, r)
		})
	}
}

// TestFreeThreadedPauses: a pause that many threads feel is one, also when some
// wake from it in the next one: no thread feels more than there are, and there
// are no more than stops.
func TestFreeThreadedPauses(t *testing.T) {
	const rounds = 200
	for _, p := range free(t) {
		t.Run(p.Name, func(t *testing.T) {
			_, s, _, r, _ := parks(t, p, "pauses", strconv.Itoa(rounds), live.Options{Budget: 10})
			world, felt, most := r.Worlds[0], uint64(0), uint64(0)
			for _, one := range r.Threads {
				felt, most = felt+one.Pauses, max(most, one.Pauses)
			}
			t.Logf("%d pauses, felt %d times, by one thread up to %d times; %v, longest %v", world.Pauses, felt, most, world.Pause, world.PauseMax)
			if most < rounds/2 || world.Pauses < most || world.Pauses > 2*rounds {
				t.Errorf("%d pauses in %d collections, one thread felt %d", world.Pauses, rounds, most)
			}
			if world.PauseMax == 0 || world.PauseMax > world.Pause || world.Pause > world.Measured || world.Pausing != 0 {
				t.Errorf("%+v", world)
			}
			clean(t, s, r)
		})
	}
}

// clean checks that nothing was lost and nothing goes on.
func clean(t *testing.T, s *source, r *collect.Reading) {
	t.Helper()
	if probe := r.Probes[1]; probe.Status != collect.ProbeOn || probe.Reason != "" || probe.Lost != 0 || probe.Hits == 0 {
		t.Errorf("%+v", probe)
	}
	if is := r.Processes[0].GIL; !is.None || is.Status != collect.GILOff {
		t.Errorf("%+v", is)
	}
	for _, w := range r.Worlds {
		if w.Status != collect.GILExact {
			t.Errorf("%+v", w)
		}
	}
	for _, one := range r.Threads {
		if one.Ended && (one.Waiting != 0 || one.Pausing != 0) {
			t.Errorf("ended, and waits: %+v", one)
		}
	}
	if err := s.Detach("a test"); err != nil {
		t.Error(err)
	}
	if left := attached(t, s); left != 0 {
		t.Errorf("%d probes are left", left)
	}
	after := livetest.Read(t, s)
	for i := range after.Worlds {
		if a, b := after.Worlds[i], r.Worlds[i]; a.Pauses != b.Pauses || a.Status != collect.GILOff || a.Pause != b.Pause {
			t.Errorf("after detaching %+v, before %+v", a, b)
		}
	}
}

// attached is how many links to a process's libc and CPython a source has.
func attached(t *testing.T, s *source) int {
	t.Helper()
	return len(s.first().links)
}

// TestFreeThreadedStorm: what costs too much is taken out, and said.
func TestFreeThreadedStorm(t *testing.T) {
	for _, p := range free(t) {
		t.Run(p.Name, func(t *testing.T) {
			_, s, said, r, _ := parks(t, p, "storm", "20", live.Options{Budget: 0.2})
			probe := r.Probes[1]
			t.Logf("%d exchanges: %+v", said.Exchanges, probe)
			if probe.Hits == 0 {
				t.Error("no wait for a queue was seen")
			}
			if probe.Status == collect.ProbeOn && float64(probe.Hits) > 2*mostGIL*2/s.first().build().parking.price.PerSecond(1) {
				t.Error("it costs more than it may, and they are still in")
			}
			for deadline := time.Now().Add(30 * time.Second); r.Probes[1].Status != collect.ProbeOn && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
				r = livetest.Read(t, s) // it is over: they come back
			}
			if r = livetest.Read(t, s); r.Probes[1].Status != collect.ProbeOn || !strings.HasPrefix(r.Probes[1].Reason, "for a time probes were out") {
				t.Errorf("they did not come back, or do not say that they were out: %+v", r.Probes[1])
			}
			if w := r.Worlds[0]; w.Status != collect.GILLowerBound || !strings.Contains(r.Processes[0].GIL.Reason, "for a time probes were out") {
				t.Errorf("that probes were out is not said: %+v, %q", w, r.Processes[0].GIL.Reason)
			}
		})
	}
}

// TestFreeThreadedGIL: a free-threaded build that runs with its GIL has that followed.
func TestFreeThreadedGIL(t *testing.T) {
	for _, p := range free(t) {
		t.Run(p.Name, func(t *testing.T) {
			c := p.Command(p.Workloads(t)+"/gil.py", "spin", "0.2")
			c.Env = append(c.Env, "PYTHON_GIL=1")
			w := livetest.Begin(t, c)
			s := open(t, w, live.Options{Probes: onlyGIL})
			once(t, w)
			r := livetest.Read(t, s)
			if len(r.Worlds) != 0 || len(r.GILs) != 1 || r.GILs[0].Takes == 0 || r.Probes[1].Status != collect.ProbeOn {
				t.Errorf("%+v %+v %+v", r.Worlds, r.GILs, r.Probes[1])
			}
		})
	}
}

// TestFreeThreadedSwitchesOn: what needs the GIL may be loaded later: it is for
// the moment of each import, and for good where that needs it. The test does it
// in the interpreter's place, which reads its input meanwhile.
func TestFreeThreadedSwitchesOn(t *testing.T) {
	for _, p := range free(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := p.Start(t, p.Workloads(t)+"/freethreaded.py", "mutex", "2")
			s := open(t, w, live.Options{Probes: onlyGIL})
			m := s.first().memory
			list, err := m.Interpreters()
			if err != nil {
				t.Fatal(err)
			}
			memory, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", w.Process.Pid), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer memory.Close()
			enable := func(n uint32) {
				t.Helper()
				if _, err := memory.WriteAt(binary.LittleEndian.AppendUint32(nil, n), int64(list[0].GIL+uint64(m.Python.Offsets.GIL.Enabled))); err != nil {
					t.Fatal(err)
				}
			}
			enable(1)
			time.Sleep(3 * tick)
			if r := livetest.Read(t, s); len(r.GILs) != 0 || len(r.Worlds) != 1 || r.Worlds[0].Status != collect.GILExact {
				t.Errorf("while something is imported: %+v %+v", r.GILs, r.Worlds)
			}
			enable(math.MaxInt32)
			for deadline := time.Now().Add(5 * time.Second); len(livetest.Read(t, s).GILs) == 0; time.Sleep(tick) {
				if time.Now().After(deadline) {
					t.Fatal("its GIL is not followed")
				}
			}
			w.Obey(t, "go", "{")
			r := livetest.Read(t, s)
			if g := r.GILs[0]; g.Takes == 0 || g.Status != collect.GILLowerBound || r.Processes[0].GIL.None || r.Worlds[0].Status != collect.GILOff {
				t.Errorf("%+v, %+v, %+v", g, r.Processes[0].GIL, r.Worlds)
			}
		})
	}
}

// TestFreeThreadedEnds: a process that ends while its threads wait.
func TestFreeThreadedEnds(t *testing.T) {
	for _, p := range free(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := p.Start(t, p.Workloads(t)+"/freethreaded.py", "dies")
			s := open(t, w, live.Options{Probes: onlyGIL})
			if _, err := w.In.Write([]byte("go\n")); err != nil {
				t.Fatal(err)
			}
			waiting := 0
			var r *collect.Reading
			for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				r = livetest.Read(t, s)
				n := 0
				for _, one := range r.Threads {
					if one.Waiting > 0 {
						n++
					}
				}
				waiting = max(waiting, n)
				if len(r.Processes) == 0 || r.Processes[0].State == collect.Ended {
					break
				}
			}
			if waiting == 0 {
				t.Error("no thread was seen to wait")
			}
			ended := 0
			for _, one := range r.Threads {
				if !one.Ended || one.Waiting != 0 {
					t.Errorf("of a process that has ended: %+v", one)
				}
				if one.Waits > 0 {
					ended++
				}
			}
			if ended < waiting {
				t.Errorf("%d threads were seen to wait, the waits of %d were counted", waiting, ended)
			}
		})
	}
}
