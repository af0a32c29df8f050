package live

import (
	"testing"
	"time"
)

func TestGILSmoke(t *testing.T) {
	needRoot(t)
	for _, p := range pythons(t) {
		t.Run(p.name, func(t *testing.T) {
			w := p.start(t, p.workloads(t)+"/gil.py", "spin", "0.5")
			s := open(t, w, Options{GIL: true})
			time.Sleep(100 * time.Millisecond)
			w.in.Write([]byte("\n"))
			w.line(t, "{")
			r := read(t, s)
			for _, p := range r.Probes {
				t.Logf("%+v", p)
			}
			for _, g := range r.GILs {
				t.Logf("%+v", g)
			}
			for _, g := range r.Threads {
				g.HoldHist = nil
				g.WaitHist = nil
				t.Logf("%+v", g)
			}
		})
	}
}
