package live_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"pytop/bpf"
	"pytop/collect"
)





// family checks that the functions of a name, so many, were called so often each.
func family(t testing.TB, r *collect.Reading, name string, many int, times uint64) {
	t.Helper()
	got := calls(r)
	wrong := 0
	for i := range many {
		function := fmt.Sprintf("%s_%05d", name, i)
		if got[function] != times {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: %d calls, want %d", function, got[function], times)
			}
		}
	}
	if wrong > 3 {
		t.Errorf("and %d more", wrong-3)
	}
}



// TestEndsWhileBraked: the end is noticed, the counts stay those of the time
// that was counted, and it is said that the rest was not.
func TestEndsWhileBraked(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w := obeying(t, some(t)[0])
	s := open(t, w, Options{})
	w.obey(t, "make a 10", "made")
	w.obey(t, "run a 3", "ran")
	if err := s.Detach("braked"); err != nil {
		t.Fatal(err)
	}
	w.obey(t, "run a 5", "ran")
	w.in.Close()
	r := last(t, s)
	family(t, r, "a", 10, 3)
	if got := r.Processes[0]; got.Status != collect.Off || got.State != collect.Ended {
		t.Errorf("%s, %s", got.Status, got.State)
	}
	if err := s.Attach(true); err != nil {
		t.Errorf("attach to what has ended: %v", err)
	}
}

// TestNamesOverflow: thousands of first calls with long names, while nobody
// empties the ring of names. Those of the living are read later from the
// process itself; those of the freed are lost, and said to be.
func TestNamesOverflow(t *testing.T) {
	needRoot(t)
	const many, pad = 1000, 3000 // 32 KiB an event: the ring holds some 128
	for _, p := range some(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := obeying(t, p)
			s := open(t, w, Options{})
			w.obey(t, fmt.Sprintf("make a %d %d", many, pad), "made")
			w.obey(t, fmt.Sprintf("make b %d %d", many, pad), "made")

			s.names.mu.Lock() // a slow reader
			w.obey(t, "run a 2", "ran")
			s.names.mu.Unlock()
			r := read(t, s)
			if n := s.order[0].state.Lost[bpf.LostNames]; n == 0 {
				t.Error("the ring was not full: the test shows nothing")
			}
			got := calls(r)
			for i := range many {
				if name := fmt.Sprintf("a_%05d", i) + strings.Repeat("x", pad); got[name] != 2 {
					t.Fatalf("a_%05d…: %d calls, want 2", i, got[name])
				}
			}
			if n := lost(r, "names"); n != 0 {
				t.Errorf("%d names lost, want none", n)
			}

			s.names.mu.Lock()
			w.obey(t, "run b 3", "ran")
			w.obey(t, "free b", "freed")
			s.names.mu.Unlock()
			r = read(t, s)
			got = calls(r)
			named, nameless := 0, uint64(0)
			for name, n := range got {
				switch {
				case name == nameLost.function:
					nameless = n
				case strings.HasPrefix(name, "b_"):
					if named++; n != 3 {
						t.Errorf("%.20s…: %d calls, want 3", name, n)
					}
				}
			}
			if uint64(named)+lost(r, "names") != many || nameless != 3*lost(r, "names") || nameless == 0 {
				t.Errorf("%d functions by name, %d names lost with %d calls; want %d functions of 3 calls", named, lost(r, "names"), nameless, many)
			}
			if want := uint64(2*many + 3*many + 2); total(r) != want {
				t.Errorf("%d calls in all, want %d", total(r), want)
			}
		})
	}
}

// TestBurstUnread: 5,000 functions called for the first time at once, and
// nobody reads until the end.
func TestBurstUnread(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w := obeying(t, some(t)[0])
	s := open(t, w, Options{})
	w.obey(t, "make a 5000", "made")
	s.names.mu.Lock()
	w.obey(t, "run a 1", "ran")
	s.names.mu.Unlock()
	r := read(t, s)
	family(t, r, "a", 5000, 1)
	if n := lost(r, "names"); n != 0 {
		t.Errorf("%d names lost", n)
	}
}

// TestEndWhileRead: the process ends at any moment of a reading; the last
// reading holds its last call.
func TestEndWhileRead(t *testing.T) {
	needRoot(t)
	t.Parallel()
	p := some(t)[0]
	for i := range 5 {
		w := obeying(t, p)
		s := open(t, w, Options{})
		w.obey(t, "make a 2000", "made")
		fmt.Fprint(w.in, "run a 3\nexit 0\n")
		var r *collect.Reading
		for r == nil || !r.Final {
			before := r
			r = read(t, s)
			if before != nil && total(r) < total(before) {
				t.Errorf("%d calls after %d", total(r), total(before))
			}
		}
		family(t, r, "a", 2000, 3)
		if total(r) != 6001 {
			t.Errorf("run %d: %d calls, want 6001", i, total(r))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestClose: twice, and while others read; nothing can be read after.
func TestClose(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w := obeying(t, some(t)[0])
	s := open(t, w, Options{})
	w.obey(t, "make a 100", "made")
	w.obey(t, "run a 1", "ran")
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
	w.obey(t, "run a 1", "ran")
}

// TestFocus: the counts by thread add up to what the function gained since.
func TestFocus(t *testing.T) {
	needRoot(t)
	for _, p := range some(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := obeying(t, p)
			s := open(t, w, Options{})
			w.obey(t, "make a 3", "made")
			w.obey(t, "run a 10", "ran")
			id := uint64(0)
			for _, c := range read(t, s).Codes {
				if c.Code.Function == "a_00001" {
					id = c.Code.ID
				}
			}
			for round := range 2 { // each begins at zero
				if err := s.Focus(id); err != nil {
					t.Fatal(err)
				}
				before := calls(read(t, s))["a_00001"]
				w.obey(t, "threads a 2000 4", "ran")
				w.obey(t, "run a 7", "ran")
				r := read(t, s)
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
				if gained := calls(r)["a_00001"] - before; sum != gained || gained != 8007 {
					t.Errorf("round %d: %d calls by thread, %d of the function, want 8007", round, sum, gained)
				}
			}
			if err := s.Focus(0); err != nil {
				t.Fatal(err)
			}
			if r := read(t, s); r.Focus != 0 || len(r.ByThread) != 0 {
				t.Errorf("not focused, and %d threads", len(r.ByThread))
			}
			if err := s.Focus(1 << 40); err == nil {
				t.Error("a function that is not there can be focused")
			}
		})
	}
}

// descriptors are this process's, and those of them that are BPF's.
func descriptors(t testing.TB) (all, ofBPF int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fdinfo")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, _ := os.ReadFile(filepath.Join("/proc/self/fdinfo", e.Name())) // or closed meanwhile
		for _, kind := range []string{"link_id:", "prog_id:", "map_id:"} {
			if strings.Contains(string(text), kind) {
				ofBPF++
			}
		}
	}
	return len(entries), ofBPF
}

// TestNothingIsLeft: goroutines, descriptors, and BPF's links, programs and
// maps are after Close as they were before Open, also when Open fails. Not
// parallel: others open some too.
func TestNothingIsLeft(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	w := obeying(t, p)
	w.obey(t, "make a 100", "made")
	once := func() {
		s, err := Open(Options{PIDs: []int{w.Process.Pid}})
		if err != nil {
			t.Fatal(err)
		}
		w.obey(t, "run a 1", "ran")
		read(t, s)
		if _, ofBPF := descriptors(t); ofBPF == 0 {
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
		if s, err := Open(Options{PIDs: []int{os.Getpid(), os.Getppid()}}); err == nil {
			s.Close()
			t.Error("go test is no Python, and was opened")
		}
	}
	once() // what is opened once for good
	runtime.GC()
	goroutines := runtime.NumGoroutine()
	all, ofBPF := descriptors(t)
	for range 3 {
		once()
		fail()
	}
	var now, nowOfBPF int
	for range 50 { // goroutines take a moment to be gone
		now, nowOfBPF = descriptors(t)
		if now == all && nowOfBPF == ofBPF && runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d descriptors (%d of BPF) and %d goroutines, before %d (%d) and %d", now, nowOfBPF, runtime.NumGoroutine(), all, ofBPF, goroutines)
}

// Sites that hold no code objects: offsets that do not fit stand for a build
// that is not understood. Nothing is counted, and the reason is said.
func TestNotCode(t *testing.T) {
	needRoot(t)
	p := pythons(t)[0]
	w := p.start(t, p.workloads(t)+"/known.py")
	s := open(t, w, Options{})
	attached := s.order[0]
	if err := s.Detach("changing the offsets"); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	attached.build.offsets.ObjectType += 16 // no longer ob_type
	programs, err := bpf.LoadPrograms(s.maps, attached.build.offsets, attached.build.number, s.machine, attached.build.programs.Multi)
	if err != nil {
		t.Fatal(err)
	}
	if err := attached.build.programs.Close(); err != nil {
		t.Error(err)
	}
	attached.build.programs = programs
	s.mu.Unlock()
	if err := s.Attach(true); err != nil {
		t.Fatal(err)
	}
	r, _ := finish(t, s, w)
	if len(r.Codes) != 0 {
		t.Errorf("%d functions were counted", len(r.Codes))
	}
	if p := r.Processes[0]; p.Status == collect.Exact || !strings.Contains(p.Reason, "no code object") {
		t.Errorf("status %s: %s", p.Status, p.Reason)
	}
}
