package calls_test

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pytop/collect/live/livetest"
)

// BenchmarkBpftrace compares counting with what bpftrace takes for the same:
// counting CPython 3.15's USDT probe function__entry by file, name and line.
func BenchmarkBpftrace(b *testing.B) {
	livetest.NeedRoot(b)
	tool, err := exec.LookPath("bpftrace")
	if err != nil {
		b.Skip("needs bpftrace (Debian's package) to compare with")
	}
	for _, p := range livetest.Benchmarked(b) {
		if p.Name != "debian-sid-3.15" {
			continue
		}
		b.Run(p.Name, func(b *testing.B) {
			var m timings
			var traced float64
			for b.Loop() {
				m = measure(b, p, "loop.py", 10000)
				w := p.Start(b, p.Workloads(b)+"/loop.py")
				probe := fmt.Sprintf("usdt:%s:python:function__entry { @[str(arg0), str(arg1), arg2] = count(); }", filepath.Join(p.Chroot, p.Path))
				tracer := exec.Command(tool, "-e", "BEGIN { printf(\"begun\\n\"); } "+probe)
				out, err := tracer.StdoutPipe()
				if err != nil {
					b.Fatal(err)
				}
				if err := tracer.Start(); err != nil {
					b.Fatal(err)
				}
				for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "begun"); {
				}
				traced = best(b, w, "run", 10000)
				tracer.Process.Kill()
				tracer.Wait()
			}
			if traced < 2*m.bare {
				b.Fatalf("bpftrace traced nothing: %.0f ns a call, bare %.0f", traced, m.bare)
			}
			b.ReportMetric(m.counted, "counted-ns")
			b.ReportMetric(traced, "bpftrace-ns")
			b.ReportMetric((m.counted-m.bare)/(traced-m.bare), "/bpftrace-added")
		})
	}
}
