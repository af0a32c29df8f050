package calls_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/livetest"
)

// rounds lets a benchmark workload run so many rounds in one of its ways and
// returns nanoseconds a round.
func rounds(t testing.TB, w *livetest.Workload, way string, n int) float64 {
	t.Helper()
	if _, err := fmt.Fprintf(w.In, "%s %d\n", way, n); err != nil {
		t.Fatal(err)
	}
	var said struct {
		NS float64 `json:"ns_per_round"`
	}
	line := w.Line(t, "{")
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	return said.NS
}

// attachEmpty puts a program that does nothing at the sites that count.
func attachEmpty(t testing.TB, c *calls.Calls) (detach func()) {
	t.Helper()
	end, err := c.AttachEmpty(c.Targets.Order[0])
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
}

// timings are nanoseconds a round, the best of several, in one process.
type timings struct {
	bare, empty, counted, profiled float64
	taxed                          float64 // share of the time that pytop says counting took
	taken                          float64 // share that it took
}

// best is the least of several timings: all that disturbs makes them longer.
func best(t testing.TB, w *livetest.Workload, way string, n int) float64 {
	least := rounds(t, w, way, n)
	for range 9 {
		least = min(least, rounds(t, w, way, n))
	}
	return least
}

// measure times a workload bare, under an empty program, counted and under
// cProfile, in turn, several times.
func measure(t testing.TB, p livetest.Python, workload string, n int) timings {
	w := p.Start(t, p.Workloads(t)+"/"+workload)
	s, c := open(t, w, live.Options{Probes: livetest.OnlyCalls})
	detach := func() {
		if err := s.Detach("benchmark"); err != nil {
			t.Fatal(err)
		}
	}
	detach()
	least := timings{bare: 1e18, empty: 1e18, counted: 1e18, profiled: 1e18}
	var paid, used time.Duration
	for range 3 {
		least.bare = min(least.bare, best(t, w, "run", n))
		off := attachEmpty(t, c)
		least.empty = min(least.empty, best(t, w, "run", n))
		off()
		if err := s.Attach(true); err != nil {
			t.Fatal(err)
		}
		before := livetest.Read(t, s).Processes[0]
		least.counted = min(least.counted, best(t, w, "run", n))
		after := livetest.Read(t, s).Processes[0]
		paid, used = paid+after.Tax-before.Tax, used+after.CPU-before.CPU
		detach()
		least.profiled = min(least.profiled, best(t, w, "profile", n))
	}
	least.taxed = paid.Seconds() / used.Seconds()
	least.taken = 1 - least.bare/least.counted
	return least
}

// BenchmarkCall times counting in ratios of one run: see docs/benchmarks.md.
func BenchmarkCall(b *testing.B) {
	livetest.NeedRoot(b)
	for _, p := range livetest.Benchmarked(b) {
		for _, workload := range []struct {
			name   string
			rounds int
		}{{"loop.py", 10000}, {"mix.py", 3}, {"resumes.py", 150}} {
			b.Run(p.Name+"/"+strings.TrimSuffix(workload.name, ".py"), func(b *testing.B) {
				var m timings
				for b.Loop() {
					m = measure(b, p, workload.name, workload.rounds)
				}
				b.ReportMetric(m.bare, "bare-ns")
				b.ReportMetric(m.empty, "empty-ns")
				b.ReportMetric(m.counted, "counted-ns")
				b.ReportMetric(m.profiled, "cprofile-ns")
				b.ReportMetric(m.counted/m.empty, "/empty")
				b.ReportMetric((m.counted-m.bare)/(m.profiled-m.bare), "/cprofile-added")
				b.ReportMetric(m.taken, "taken")
				b.ReportMetric(m.taxed, "tax")
				b.ReportMetric(m.taxed/m.taken, "tax/taken")
			})
		}
	}
}
