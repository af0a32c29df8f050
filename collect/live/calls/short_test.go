package calls_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/livetest"
	"pytop/collect/live/target"
	"pytop/collect/live/words"
)

// someFollowed checks that of processes that ended those that lived long enough
// had their GIL followed, and that the others say that it was not.
func someFollowed(t testing.TB, r *collect.Reading) {
	t.Helper()
	followed, not := 0, 0
	var wrong []string
	for _, p := range append(r.Past, r.Processes...) {
		switch {
		case p.GIL.Status != collect.GILOff && p.GIL.Measured > 0:
			followed++
		case p.GIL.Status == collect.GILOff && p.GIL.Reason == "it ended before it was followed" && p.GIL.Measured == 0:
			not++
		default:
			wrong = append(wrong, fmt.Sprintf("pid %d: %+v", p.Process.PID, p.GIL))
		}
	}
	if len(wrong) > 0 {
		t.Errorf("%d are neither followed nor not, as %s", len(wrong), wrong[0])
	}
	if text := words.Number(not, "process ended before its GIL was followed", "processes ended before their GIL was followed"); followed < 50 || not > 0 && !strings.Contains(r.Probes[1].Reason, text) {
		t.Errorf("%d were followed, %d were not; the probe says %q", followed, not, r.Probes[1].Reason)
	}
	t.Logf("the GIL of %d processes was followed, of %d it was not", followed, not)
}

// TestManyShort: processes come and go by the hundreds; what is held of them
// comes back.
func TestManyShort(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	number := 1000
	w := p.Start(t, p.Workloads(t)+"/family.py", "short", fmt.Sprint(number), "linger")
	s, c := open(t, w, live.Options{Children: true})
	memory := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	livetest.Read(t, s)
	goroutines, held := livetest.Goroutines(), memory()
	maps := c.Maps.Memory()
	_, links := livetest.Descriptors(t)
	fmt.Fprintln(w.In)
	began := time.Now()
	var most, mostMaps uint64
	r := livetest.Read(t, s)
	for !r.Final {
		time.Sleep(300 * time.Millisecond)
		r = livetest.Read(t, s)
		most, mostMaps = max(most, memory()), max(mostMaps, r.Self.Maps)
		if time.Since(began) > 60*time.Second {
			t.Fatal("too long")
		}
	}
	row := w.Line(t, "{")
	want, _ := livetest.ParseRows(t, []byte(row))
	if got := livetest.Together(r)[want[0].Key()]; got.Calls != want[0].Calls {
		t.Errorf("%d calls, want %d", got.Calls, want[0].Calls)
	}
	if n := len(r.Past) + len(r.Processes) - 1; n != number {
		t.Errorf("%d processes ended, want %d", n, number)
	}
	if _, n := c.KeptFunctions(); n > 200 { // they all run the same program: some 160 functions, whatever their number
		t.Errorf("%d functions of processes that ended are kept", n)
	}
	nothingHeld(t, c)
	someFollowed(t, r)
	if n := livetest.Goroutines(); n > goroutines+2 {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	dropEnded(t, c)
	_, n := livetest.Descriptors(t)
	for deadline := time.Now().Add(10 * time.Second); n != links && time.Now().Before(deadline); _, n = livetest.Descriptors(t) {
		time.Sleep(10 * time.Millisecond) // the last are closed beside
	}
	if n != links {
		t.Errorf("%d maps, programs and links, %d before", n, links)
	}
	functions, ended := c.KeptFunctions()
	after, afterMaps := memory(), c.Maps.Memory()
	t.Logf("%d processes in %v: heap %d KiB before, %d at most, %d after; maps %d KiB before, %d at most, %d after; %d goroutines, %d before; %d functions, %d of them of the ended together",
		number, time.Since(began).Round(time.Millisecond), held>>10, most>>10, after>>10, maps>>10, mostMaps>>10, afterMaps>>10, livetest.Goroutines(), goroutines, functions, ended)
}

// dropEnded frees what is held of the processes whose end the last reading shows.
func dropEnded(t *testing.T, c *calls.Calls) {
	t.Helper()
	c.Lock.Lock()
	defer c.Lock.Unlock()
	for range 100 { // some linger
		if err := c.Targets.DropEnded(); err != nil {
			t.Error(err)
		}
		if !slices.ContainsFunc(c.Targets.Order, func(p *target.Process) bool { return !p.Asked }) {
			return
		}
	}
	t.Errorf("%d processes are kept", len(c.Targets.Order))
}
