package gil

import (
	"fmt"
	"testing"
	"time"

	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// storms are os.write calls a second, each of which drops and takes the GIL.
type storms struct{ bare, probes, fallback float64 }

// measureStorm lets so many threads write: bare, with the probes held on, and
// with the fallback to reading the GIL's fields that there is by default: for
// longer than lookEvery, so that the probes come back meanwhile to look.
func measureStorm(t testing.TB, p livetest.Python, threads, repeat int) storms {
	w := p.Start(t, p.Workloads(t)+"/gil.py", "storm", "0.5", fmt.Sprint(threads))
	s := open(t, w, live.Options{Probes: onlyGIL})
	one := s.first()
	detach := func() {
		if err := s.Detach("benchmark"); err != nil {
			t.Fatal(err)
		}
	}
	attach := func(budget float64) {
		s.table.Lock.Lock()
		s.table.Budget = budget
		s.table.Lock.Unlock()
		if err := s.Attach(false); err != nil {
			t.Fatal(err)
		}
	}
	fallen := func() bool {
		s.table.Lock.Lock()
		defer s.table.Lock.Unlock()
		return one.sampler != nil
	}
	var most storms
	once(t, w) // warm
	for range repeat {
		detach()
		most.bare = max(most.bare, once(t, w).PerS)
		attach(0)
		most.probes = max(most.probes, once(t, w).PerS)
		if fallen() {
			t.Fatal("the probes were not held on")
		}
		detach()
		attach(0.5)
		for range 10 {
			if once(t, w); fallen() {
				break
			}
		}
		if !fallen() {
			t.Fatal("it did not fall back")
		}
		most.fallback = max(most.fallback, goes(t, w, fmt.Sprintf("go %.1f", (lookEvery+500*time.Millisecond).Seconds())).PerS)
	}
	detach()
	most.bare = max(most.bare, once(t, w).PerS) // the machine may have been slower before
	return most
}

// BenchmarkGILStorm says what is left of a storm of takes and drops.
func BenchmarkGILStorm(b *testing.B) {
	livetest.NeedRoot(b)
	for _, p := range livetest.Benchmarked(b) {
		for _, threads := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("%s/threads=%d", p.Name, threads), func(b *testing.B) {
				var m storms
				for b.Loop() {
					m = measureStorm(b, p, threads, 2)
				}
				b.ReportMetric(m.bare, "bare/s")
				b.ReportMetric(m.probes, "probes/s")
				b.ReportMetric(m.fallback, "fallback/s")
				b.ReportMetric(m.probes/m.bare, "probes/bare")
				b.ReportMetric(m.fallback/m.bare, "fallback/bare")
			})
		}
	}
}
