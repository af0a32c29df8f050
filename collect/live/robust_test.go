package live_test

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestEndsWhileBraked: the end is noticed, the counts stay those of the time
// that was counted, and it is said that the rest was not.
func TestEndsWhileBraked(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	w := livetest.Obeying(t, livetest.Some(t)[0])
	s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
	w.Obey(t, "make a 10", "made")
	w.Obey(t, "run a 3", "ran")
	if err := s.Detach("braked"); err != nil {
		t.Fatal(err)
	}
	w.Obey(t, "run a 5", "ran")
	w.In.Close()
	r := livetest.Last(t, s)
	livetest.Family(t, r, "a", 10, 3)
	if got := r.Processes[0]; got.Status != collect.Off || got.State != collect.Ended {
		t.Errorf("%s, %s", got.Status, got.State)
	}
	if err := s.Attach(true); err != nil {
		t.Errorf("attach to what has ended: %v", err)
	}
}

// TestEndWhileRead: the process ends at any moment of a reading; the last
// reading holds its last call.
func TestEndWhileRead(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	p := livetest.Some(t)[0]
	for i := range 5 {
		w := livetest.Obeying(t, p)
		s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
		w.Obey(t, "make a 2000", "made")
		fmt.Fprint(w.In, "run a 3\nexit 0\n")
		var r *collect.Reading
		for r == nil || !r.Final {
			before := r
			r = livetest.Read(t, s)
			if before != nil && livetest.Total(r) < livetest.Total(before) {
				t.Errorf("%d calls after %d", livetest.Total(r), livetest.Total(before))
			}
		}
		livetest.Family(t, r, "a", 2000, 3)
		if livetest.Total(r) != 6001 {
			t.Errorf("run %d: %d calls, want 6001", i, livetest.Total(r))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestClose: twice, and while others read; nothing can be read after.
func TestClose(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	w := livetest.Obeying(t, livetest.Some(t)[0])
	s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
	w.Obey(t, "make a 100", "made")
	w.Obey(t, "run a 1", "ran")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				if _, err := s.Read(); err != nil {
					return // closed
				}
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	for range 2 {
		all.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if _, err := s.Read(); err == nil {
		t.Error("a closed source can be read")
	}
	if s.Attach(true) == nil || s.Focus(1) == nil {
		t.Error("a closed source attaches, or focuses")
	}
	if err := s.Detach("?"); err != nil {
		t.Errorf("nothing is attached, and detach: %v", err)
	}
	w.Obey(t, "run a 1", "ran")
}

// TestFocus: the counts by thread add up to what the function gained since.
func TestFocus(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			w := livetest.Obeying(t, p)
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			w.Obey(t, "make a 3", "made")
			w.Obey(t, "run a 10", "ran")
			id := uint64(0)
			for _, c := range livetest.Read(t, s).Codes {
				if c.Code.Function == "a_00001" {
					id = c.Code.ID
				}
			}
			for round := range 2 { // each begins at zero
				if err := s.Focus(id); err != nil {
					t.Fatal(err)
				}
				before := livetest.Calls(livetest.Read(t, s))["a_00001"]
				w.Obey(t, "threads a 2000 4", "ran")
				w.Obey(t, "run a 7", "ran")
				r := livetest.Read(t, s)
				if r.Focus != id || len(r.ByThread) != 5 {
					t.Errorf("round %d: focus %d, %d threads; want %d, 5", round, r.Focus, len(r.ByThread), id)
				}
				var sum uint64
				for _, thread := range r.ByThread {
					sum += thread.Calls
					want := uint64(2000)
					if thread.TID == w.Process.Pid {
						want = 7
					}
					if thread.Calls != want {
						t.Errorf("round %d: thread %d: %d calls, want %d", round, thread.TID, thread.Calls, want)
					}
				}
				if gained := livetest.Calls(r)["a_00001"] - before; sum != gained || gained != 8007 {
					t.Errorf("round %d: %d calls by thread, %d of the function, want 8007", round, sum, gained)
				}
			}
			if err := s.Focus(0); err != nil {
				t.Fatal(err)
			}
			if r := livetest.Read(t, s); r.Focus != 0 || len(r.ByThread) != 0 {
				t.Errorf("not focused, and %d threads", len(r.ByThread))
			}
			if err := s.Focus(1 << 40); err == nil {
				t.Error("a function that is not there can be focused")
			}
		})
	}
}

// TestNothingIsLeft: goroutines, descriptors, and BPF's links, programs and
// maps are after Close as they were before Open, also when Open fails. Not
// parallel: others open some too.
func TestNothingIsLeft(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	w := livetest.Obeying(t, p)
	w.Obey(t, "make a 100", "made")
	once := func() {
		s, err := live.Open(live.Options{Probes: livetest.OnlyCalls, PIDs: []int{w.Process.Pid}})
		if err != nil {
			t.Fatal(err)
		}
		w.Obey(t, "run a 1", "ran")
		livetest.Read(t, s)
		if _, ofBPF := livetest.Descriptors(t); ofBPF == 0 {
			t.Error("it counts without any map, program or link")
		}
		if err := s.Detach("braked"); err != nil {
			t.Error(err)
		}
		if err := s.Attach(true); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	fail := func() {
		if s, err := live.Open(live.Options{Probes: livetest.OnlyCalls, PIDs: []int{os.Getpid(), os.Getppid()}}); err == nil {
			s.Close()
			t.Error("go test is no Python, and was opened")
		}
	}
	once() // what is opened once for good
	runtime.GC()
	before := livetest.Goroutines()
	all, ofBPF := livetest.Descriptors(t)
	for range 3 {
		once()
		fail()
	}
	var now, nowOfBPF int
	for range 50 { // goroutines take a moment to be gone
		now, nowOfBPF = livetest.Descriptors(t)
		if now == all && nowOfBPF == ofBPF && livetest.Goroutines() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d descriptors (%d of BPF) and %d goroutines, before %d (%d) and %d", now, nowOfBPF, livetest.Goroutines(), all, ofBPF, before)
}
