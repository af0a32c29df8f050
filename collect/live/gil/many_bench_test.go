package gil

import (
	"testing"
	"time"

	"github.com/cilium/ebpf/link"

	"pytop/collect/live"
	"pytop/collect/live/attach"
	"pytop/collect/live/livetest"
	"pytop/collect/proc"
)

// BenchmarkGILLinks: what following 200 other processes adds to a take and a
// drop of one, and how long their probes take to be put in and out.
func BenchmarkGILLinks(b *testing.B) {
	livetest.NeedRoot(b)
	const others = 200
	p := livetest.Pythons(b)[0]
	w := p.Start(b, p.Workloads(b)+"/gil.py", "storm", "0.1")
	family := p.Start(b, p.Workloads(b)+"/family.py", "serve", "200")
	pids, err := proc.System().Processes()
	if err != nil {
		b.Fatal(err)
	}
	s := open(b, w, live.Options{Probes: onlyGIL})
	one := s.first()
	least := func() float64 {
		ns := 1e18
		for range 8 {
			ns = min(ns, once(b, w).NS)
		}
		return ns
	}
	for b.Loop() {
		alone := least()
		var links []link.Link
		began := time.Now()
		for _, pid := range pids {
			if stat, err := proc.System().Stat(pid); err != nil || stat.Parent != family.Process.Pid {
				continue
			}
			some, err := s.table.attachConditions(one.conditions, one.build().gil, pid, 0)
			if err != nil {
				b.Fatal(err)
			}
			links = append(links, some...)
		}
		attached := time.Since(began)
		if len(links) != 3*others {
			b.Fatalf("%d links", len(links))
		}
		among := least()
		began = time.Now()
		if err := attach.Close(links); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(attached.Seconds()*1e3/others, "attach-ms/process")
		b.ReportMetric(time.Since(began).Seconds()*1e3, "close-all-ms")
		b.ReportMetric(alone, "alone-ns")
		b.ReportMetric(among, "among-200-ns")
		b.ReportMetric((among-alone)/2/others, "ns/hit/link")
	}
}
