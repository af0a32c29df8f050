package gil

import (
	"fmt"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"pytop/bpf"
	"pytop/collect/live"
	"pytop/collect/live/attach"
	"pytop/collect/live/livetest"
)

// pairs are nanoseconds of a system call that drops and takes the GIL once.
type pairs struct {
	bare, empty, followed, calls, light, returns float64 // calls: followed at the instructions that call libc
	taxed, taken                                 float64 // shares of the time that pytop says it took, and that it took
}

// measurePairs times os.write in a loop: bare, with programs that do nothing
// at the same sites, followed, with its fields read instead, and with programs
// that do nothing where other tools put theirs: at take_gil's entry and
// return, and at drop_gil's entry (0 where the file has no such symbols).
func measurePairs(t testing.TB, p livetest.Python, repeat int) pairs {
	w := p.Start(t, p.Workloads(t)+"/gil.py", "storm", "0.3")
	s := open(t, w, live.Options{Probes: onlyGIL})
	one := s.first()
	least := pairs{bare: 1e18, empty: 1e18, followed: 1e18, calls: 1e18, light: 1e18, returns: 1e18}
	var paid, used time.Duration
	run := func(to *float64) { *to = min(*to, once(t, w).NS) }
	once(t, w) // warm
	for range repeat {
		if err := s.Detach("benchmark"); err != nil {
			t.Fatal(err)
		}
		run(&least.bare)
		nothing := *one.build().gil
		nothing.Signalled, nothing.Waited, nothing.Forced = nothing.Empty, nothing.Empty, nothing.Empty
		links, err := s.table.attachConditions(one.conditions, &nothing, one.Info.PID, 0)
		if err != nil {
			t.Fatal(err)
		}
		run(&least.empty)
		attach.Close(links)
		if links = attachReturns(t, w, one, &nothing); links != nil {
			run(&least.returns)
			attach.Close(links)
		}
		if err := s.Attach(true); err != nil {
			t.Fatal(err)
		}
		before := livetest.Read(t, s).Processes[0]
		run(&least.followed)
		after := livetest.Read(t, s).Processes[0]
		paid, used = paid+after.Tax-before.Tax, used+after.CPU-before.CPU
		changeOver(t, s)
		run(&least.calls)
		s.table.Lock.Lock()
		err = s.table.unlink(one)
		s.table.beginSampling(one)
		s.table.Lock.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		run(&least.light)
	}
	least.taxed, least.taken = paid.Seconds()/used.Seconds(), 1-least.bare/least.followed
	return least
}

// attachReturns puts programs that do nothing where other tools put theirs;
// nil where the file has no such symbols, or where not each take and drop passes
// them, since the compiler has made copies.
func attachReturns(t testing.TB, w *livetest.Workload, p *followed, programs *bpf.GILPrograms) []link.Link {
	executable, err := link.OpenExecutable(p.Build.Path())
	if err != nil {
		return nil
	}
	o := &link.UprobeMultiOptions{PID: uint32(p.Info.PID)}
	entries, err := executable.UprobeMulti([]string{"take_gil", "drop_gil"}, programs.Empty, o)
	if err != nil {
		return nil
	}
	links := []link.Link{entries}
	returns, err := executable.UretprobeMulti([]string{"take_gil"}, programs.Empty, o)
	if err == nil {
		links = append(links, returns)
	}
	if err == nil && hitsAWrite(t, w, programs.Empty) >= 2.9 { // two entries and a return
		return links
	}
	attach.Close(links)
	return nil
}

// hitsAWrite is how often a program runs a write.
func hitsAWrite(t testing.TB, w *livetest.Workload, program *ebpf.Program) float64 {
	stats, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		t.Fatal(err)
	}
	defer stats.Close()
	before, err := program.Stats()
	if err != nil {
		t.Fatal(err)
	}
	const seconds = 0.05
	wrote := seconds * goes(t, w, fmt.Sprintf("go %v", seconds)).PerS
	after, err := program.Stats()
	if err != nil {
		t.Fatal(err)
	}
	return float64(after.RunCount-before.RunCount) / wrote
}

// changeOver moves the probes of a source's first process to the calls, and
// waits until they are there alone.
func changeOver(t testing.TB, s *source) {
	t.Helper()
	s.table.Lock.Lock()
	g := s.first()
	err := s.table.changeOver(s.first(), 0)
	s.table.Lock.Unlock()
	if err != nil || g.calls == nil {
		t.Fatal(err, g.stays)
	}
	changedOver(t, s)
}

func changedOver(t testing.TB, s *source) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s.table.Lock.Lock()
		g := s.first()
		done := g.calls != nil && g.leaving == nil && g.left == nil
		s.table.Lock.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("did not change over: %s", g.stays)
		}
	}
}

// BenchmarkGILCrowd times signalling another condition variable than the
// GIL's: bare, with probes in libc's functions, and with probes at CPython's calls.
func BenchmarkGILCrowd(b *testing.B) {
	livetest.NeedRoot(b)
	for _, p := range livetest.Benchmarked(b) {
		b.Run(p.Name, func(b *testing.B) {
			w := p.Start(b, p.Workloads(b)+"/gil.py", "crowd", "0.3")
			s := open(b, w, live.Options{Probes: onlyGIL})
			bare, functions, calls := 1e18, 1e18, 1e18
			run := func(to *float64) { *to = min(*to, once(b, w).NS) }
			for b.Loop() {
				for range 5 {
					if err := s.Detach("benchmark"); err != nil {
						b.Fatal(err)
					}
					run(&bare)
					if err := s.Attach(true); err != nil {
						b.Fatal(err)
					}
					s.table.Lock.Lock()
					s.first().stays = "benchmark"
					s.table.Lock.Unlock()
					run(&functions)
					changeOver(b, s)
					run(&calls)
				}
			}
			b.ReportMetric(bare, "bare-ns")
			b.ReportMetric(functions, "functions-ns")
			b.ReportMetric(calls, "calls-ns")
			b.ReportMetric(functions/bare, "functions/bare")
			b.ReportMetric(calls/bare, "calls/bare")
		})
	}
}

// BenchmarkGIL times following the GIL in ratios of one run.
func BenchmarkGIL(b *testing.B) {
	livetest.NeedRoot(b)
	for _, p := range livetest.Benchmarked(b) {
		b.Run(p.Name, func(b *testing.B) {
			var m pairs
			for b.Loop() {
				m = measurePairs(b, p, 5)
			}
			b.ReportMetric(m.bare, "bare-ns")
			b.ReportMetric(m.empty, "empty-ns")
			b.ReportMetric(m.followed, "followed-ns")
			b.ReportMetric(m.calls, "calls-ns")
			b.ReportMetric((m.calls-m.bare)/(m.followed-m.bare), "calls/functions")
			b.ReportMetric(m.light, "fields-ns")
			if m.returns < 1e17 {
				b.ReportMetric(m.returns, "entry+return-ns")
				b.ReportMetric((m.followed-m.bare)/(m.returns-m.bare), "/entry+return-added")
			}
			b.ReportMetric(m.followed/m.bare, "/bare")
			b.ReportMetric(m.followed/m.light, "/fields")
			b.ReportMetric(m.followed-m.empty, "above-empty-ns")
			b.ReportMetric((m.followed-m.bare)/m.bare, "added/bare")
			b.ReportMetric(m.taken, "taken")
			b.ReportMetric(m.taxed, "tax")
			b.ReportMetric(m.taxed/m.taken, "tax/taken")
		})
	}
}
