package live_test

import (
	"fmt"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/site"
)

// BenchmarkPoll is one reading, and its difference from the one before, with
// so many live functions, each called about once a second.
func BenchmarkPoll(b *testing.B) {
	livetest.NeedRoot(b)
	p := livetest.Pythons(b)[0]
	for _, n := range []int{5000, 65536} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := p.Start(b, p.Workloads(b)+"/many.py", fmt.Sprint(n), "600")
			s := livetest.Open(b, w, live.Options{Probes: livetest.OnlyCalls})
			fmt.Fprintln(w.In)
			w.Line(b, "called")
			before := livetest.Read(b, s)
			if len(before.Codes) < n {
				b.Fatalf("%d functions were counted, want %d", len(before.Codes), n)
			}
			b.ReportAllocs()
			for b.Loop() {
				now := livetest.Read(b, s)
				collect.Diff(before, now, 1)
				before = now
			}
			b.ReportMetric(float64(before.Self.Maps)/(1<<20), "maps-MiB")
		})
	}
}

// BenchmarkOpen is attaching to a process until counting is ready, the trial
// of 50 ms included: its file never seen, and known.
func BenchmarkOpen(b *testing.B) {
	livetest.NeedRoot(b)
	for _, p := range livetest.Benchmarked(b) {
		for _, known := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/known=%v", p.Name, known), func(b *testing.B) {
				w := p.Start(b, p.Workloads(b)+"/loop.py")
				dir := b.TempDir()
				for b.Loop() {
					b.StopTimer()
					if !known {
						dir = b.TempDir()
					}
					b.StartTimer()
					s, err := live.Open(live.Options{Probes: livetest.OnlyCalls, PIDs: []int{w.Process.Pid}, Cache: site.Cache{Dir: dir}})
					if err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					if err := s.Close(); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
			})
		}
	}
}
