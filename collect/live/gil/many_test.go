package gil

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/livetest"
	"pytop/collect/proc"
)

// takesOfRound is how often a worker of family.py takes the GIL for a "w".
const takesOfRound = 102

// workers are what family.py gil has forked, by what a reading says.
func workers(r *collect.Reading, parent int) (list []collect.ProcessReading) {
	for _, p := range r.Processes {
		if p.Process.Parent == parent && p.State != collect.Ended {
			list = append(list, p)
		}
	}
	return list
}

// waiting waits until all workers wait for an order: before that a take of the
// GIL is still to come, with which the system call returns that was theirs.
func waiting(t testing.TB, parent int) {
	t.Helper()
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Fields(string(list)) {
		pid, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		livetest.Await(t, text+" waits for an order", func() bool {
			number, _, ok, err := proc.System().Syscall(pid, pid)
			return err == nil && ok && number == unix.SYS_READ
		})
	}
}

// followedAll waits until the GILs of all workers are followed and none is under
// way.
func followedAll(t testing.TB, s *source, parent, number int) *collect.Reading {
	t.Helper()
	waiting(t, parent)
	return livetest.Until(t, s, func(r *collect.Reading) string {
		list := workers(r, parent)
		for _, p := range list {
			if p.GIL.Status != collect.GILExact {
				return fmt.Sprintf("pid %d: %+v", p.Process.PID, p.GIL)
			}
		}
		if len(list) != number {
			return fmt.Sprintf("%d workers, want %d", len(list), number)
		}
		return ""
	})
}

// gilOfPID is a process's first GIL.
func gilOfPID(t testing.TB, r *collect.Reading, pid int) collect.GILReading {
	t.Helper()
	i := slices.IndexFunc(r.GILs, func(g collect.GILReading) bool { return g.PID == pid })
	if i < 0 {
		t.Fatalf("process %d has no GIL", pid)
	}
	return r.GILs[i]
}

// numberOf is what CPython itself says of how often a process's GIL changed hands.
func numberOf(t testing.TB, s *source, pid int) uint64 {
	t.Helper()
	s.table.Lock.Lock()
	defer s.table.Lock.Unlock()
	g := s.table.withPID(pid)
	n, err := g.memory.GIL(g.gils[0].address)
	if err != nil {
		t.Fatal(err)
	}
	return n.SwitchNumber
}

// order lets all workers do something, and waits until all have.
func order(t testing.TB, w *livetest.Workload, what string) {
	t.Helper()
	if _, err := fmt.Fprintln(w.In, what); err != nil {
		t.Fatal(err)
	}
	w.Line(t, "served")
	waiting(t, w.Process.Pid)
}

// rounds lets workers take the GIL a known number of times, then switch it
// between threads, and compares each worker's counts with that.
func rounds(t *testing.T, s *source, w *livetest.Workload, number int) {
	t.Helper()
	before := followedAll(t, s, w.Process.Pid, number)
	for range 3 {
		order(t, w, "w")
	}
	after := livetest.Until(t, s, func(r *collect.Reading) string { // until all wait again
		for _, p := range workers(r, w.Process.Pid) {
			pid := p.Process.PID
			if n := gilOfPID(t, r, pid).Takes - gilOfPID(t, before, pid).Takes; n != 3*takesOfRound {
				return fmt.Sprintf("pid %d: %d takes, want %d", pid, n, 3*takesOfRound)
			}
		}
		return ""
	})
	numbers := map[int]uint64{}
	for _, p := range workers(after, w.Process.Pid) {
		numbers[p.Process.PID] = numberOf(t, s, p.Process.PID)
	}
	order(t, w, "s")
	r := livetest.Until(t, s, func(r *collect.Reading) string {
		for _, p := range workers(r, w.Process.Pid) {
			pid := p.Process.PID
			got, want := gilOfPID(t, r, pid).Switches-gilOfPID(t, after, pid).Switches, numberOf(t, s, pid)-numbers[pid]
			if got != want || got < 4 {
				return fmt.Sprintf("pid %d: %d switches, CPython counted %d", pid, got, want)
			}
			threads := map[bool]int{}
			for _, one := range r.Threads {
				if one.PID == pid && one.Holds > 0 {
					threads[one.Ended]++
				}
			}
			if threads[false] != 1 || threads[true] != 2 {
				return fmt.Sprintf("pid %d: %d threads live, %d have ended", pid, threads[false], threads[true])
			}
		}
		return ""
	})
	for _, p := range workers(r, w.Process.Pid) {
		if p.GIL.Status != collect.GILExact || p.GIL.Held == 0 || p.GIL.Measured == 0 {
			t.Errorf("pid %d: %+v", p.Process.PID, p.GIL)
		}
	}
}

// TestGILChildren: of forked workers each take is counted, and switches as
// CPython counts them, from when they are followed; so are their calls.
func TestGILChildren(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := p.Start(t, p.Workloads(t)+"/family.py", "gil", "4")
			s := open(t, w, live.Options{Children: true})
			fmt.Fprintln(w.In)
			w.Line(t, "serving")
			rounds(t, s, w, 4)
			r := livetest.Read(t, s)
			for _, p := range workers(r, w.Process.Pid) {
				if !strings.Contains(p.GIL.Reason, "what it did before is not measured") {
					t.Errorf("pid %d: %q", p.Process.PID, p.GIL.Reason)
				}
			}
			w.In.Close()
			r = livetest.ReadUntilEnd(t, s, 50*time.Millisecond)
			for _, p := range append(r.Past, r.Processes...) {
				if p.Status != collect.Exact || p.GIL.Status != collect.GILExact || p.GIL.Held == 0 {
					t.Errorf("pid %d: %s, %+v", p.Process.PID, p.Status, p.GIL)
				}
			}
			noGILHeld(t, s)
		})
	}
}

// TestGILAll: so are those of --all, that run already and that start later.
func TestGILAll(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	serving := func() *livetest.Workload {
		w := p.Start(t, p.Workloads(t)+"/family.py", "gil", "2")
		fmt.Fprintln(w.In)
		w.Line(t, "serving")
		return w
	}
	before := serving()
	opened, err := live.Open(live.Options{All: true, Probes: onlyGIL})
	s := &source{opened, lastTable}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	later := serving()
	rounds(t, s, before, 2)
	rounds(t, s, later, 2)
}

// TestGILManyBrake: a brake, and the end, do not wait for each process's probes
// one after the other, and leave none.
func TestGILManyBrake(t *testing.T) {
	livetest.NeedRoot(t)
	const number = 100
	const soon = 10 * time.Second // one by one its 300 links would take as long on an idle machine
	p := livetest.Some(t)[0]
	w := p.Start(t, p.Workloads(t)+"/family.py", "gil", fmt.Sprint(number))
	s := open(t, w, live.Options{Children: true, Probes: onlyGIL})
	fmt.Fprintln(w.In)
	w.Line(t, "serving")
	r := followedAll(t, s, w.Process.Pid, number)
	_, ofBPF := livetest.Descriptors(t)
	began := time.Now()
	if err := s.Detach("braked"); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	if _, n := livetest.Descriptors(t); took > soon || n != ofBPF-2*3*(number+1) { // a link tells its program too
		t.Errorf("braked in %v; %d links, programs and maps, before %d", took, n, ofBPF)
	}
	order(t, w, "w")
	off := livetest.Read(t, s)
	for _, p := range workers(off, w.Process.Pid) {
		pid := p.Process.PID
		if p.GIL.Status != collect.GILOff || p.GIL.Reason != "braked" || gilOfPID(t, off, pid).Takes != gilOfPID(t, r, pid).Takes {
			t.Fatalf("pid %d: %+v", pid, p.GIL)
		}
	}
	if err := s.Attach(false); err != nil {
		t.Fatal(err)
	}
	rounds(t, s, w, number)
	began = time.Now()
	if err := s.Close(); err != nil || time.Since(began) > soon {
		t.Errorf("closed in %v: %v", time.Since(began), err)
	}
	t.Logf("%d processes: braked in %v, closed in %v", number, took, time.Since(began))
}

// TestGILNoRoom: those beyond what can be followed at once say so, and are
// followed when there is room.
func TestGILNoRoom(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	w := p.Start(t, p.Workloads(t)+"/family.py", "gil", "2")
	s := open(t, w, live.Options{Children: true, Probes: onlyGIL})
	s.table.Lock.Lock()
	s.table.room = 2
	s.table.Lock.Unlock()
	fmt.Fprintln(w.In)
	w.Line(t, "serving")
	r := livetest.Until(t, s, func(r *collect.Reading) string {
		for _, p := range workers(r, w.Process.Pid) {
			if strings.Contains(p.GIL.Reason, "not followed: ") {
				return ""
			}
		}
		return "none says that there is no room"
	})
	for _, p := range workers(r, w.Process.Pid) {
		if p.GIL.Status == collect.GILOff && p.GIL.Measured != 0 {
			t.Errorf("%+v", p.GIL)
		}
	}
	if gil := r.Probes[1]; gil.Status != collect.ProbeOn || !strings.Contains(gil.Reason, "1 process is not followed") {
		t.Errorf("%+v", gil)
	}
	s.table.Lock.Lock()
	s.table.room = mostFollowed
	s.table.Lock.Unlock()
	rounds(t, s, w, 2)
}

// TestGILManyShort: of processes that come and go by the hundreds, of which each
// tenth lives long enough to be followed, nothing is held.
func TestGILManyShort(t *testing.T) {
	livetest.NeedRoot(t)
	const number = 1000
	p := livetest.Some(t)[0]
	w := p.Start(t, p.Workloads(t)+"/family.py", "short", fmt.Sprint(number), "linger")
	s := open(t, w, live.Options{Children: true})
	fmt.Fprintln(w.In)
	r := livetest.ReadUntilEnd(t, s.Source, 300*time.Millisecond)
	followed := 0
	for _, p := range append(r.Past, r.Processes...) {
		if p.GIL.Status != collect.GILOff && p.GIL.Measured > 0 {
			followed++
		}
	}
	if n := len(r.Past) + len(r.Processes) - 1; n != number || followed < 50 {
		t.Errorf("%d processes ended, want %d; %d were followed", n, number, followed)
	}
	noGILHeld(t, s)
}

// noGILHeld checks that of processes that have ended nothing is left in the
// maps for the GIL, and of those that were not asked for nothing at all.
func noGILHeld(t testing.TB, s *source) {
	t.Helper()
	s.table.Lock.Lock()
	defer s.table.Lock.Unlock()
	asked, states := 0, 0
	for _, p := range s.table.list() {
		if p.links == nil {
			continue
		}
		asked++
		for _, o := range p.gils {
			if o.active {
				states++
			}
		}
	}
	if n := int(s.table.Maps.GilProcesses.MaxEntries()) - len(s.table.freeProcesses); n != asked {
		t.Errorf("%d processes are in the map, %d in the source", n, asked)
	}
	if n := int(s.table.Maps.GilStates.MaxEntries()) - len(s.table.freeStates); n != states {
		t.Errorf("%d GILs are in the map, %d in the source", n, states)
	}
	var b threadBuffer
	for slot := range s.table.Maps.GilThreads.MaxEntries() {
		if head, _ := b.head(s.table.threads, slot); head.Id != 0 {
			t.Errorf("slot %d is still thread %d's", slot, head.Tid)
		}
	}
	alive := map[*followed]bool{}
	for _, p := range s.table.list() {
		alive[p] = true
	}
	for p, g := range s.table.of {
		if !alive[g] {
			t.Errorf("process %d is kept", p.Info.PID)
		}
	}
	for _, o := range s.table.all {
		if !alive[o.process] {
			t.Errorf("thread %v is kept", o.name)
		}
	}
	for _, o := range s.table.slots {
		if !alive[o.process] {
			t.Errorf("thread %v is kept by its slot", o.name)
		}
	}
	indexes := map[uint64]bool{}
	for _, p := range s.table.list() {
		for _, o := range p.gils {
			indexes[uint64(o.index)] = o.active
		}
	}
	if err := kernelmap.ReadAll(s.table.Maps.GilPairs, func(key bpf.GILPair, _ bpf.GILPairCount) {
		if !indexes[key.Gil] {
			t.Errorf("a pair of GIL %d is kept", key.Gil)
		}
	}); err != nil {
		t.Error(err)
	}
	if err := kernelmap.ReadAll(s.table.Maps.Blame, func(key bpf.BlameKey, _ bpf.BlameCount) {
		if !indexes[key.Gil] {
			t.Errorf("blame of GIL %d is kept", key.Gil)
		}
	}); err != nil {
		t.Error(err)
	}
	var task, slot uint32
	for it := s.table.Maps.GilSlots.Iterate(); it.Next(&task, &slot); {
		t.Errorf("task %d has slot %d still", task, slot)
	}
}
