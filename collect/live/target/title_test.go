package target_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestTitle: what a process calls itself is read again: at once where its name
// changes, too, else within seconds. What a reading has returned stays as it is.
func TestTitle(t *testing.T) {
	livetest.NeedRoot(t)
	t.Parallel()
	const program = `import sys
stat = open("/proc/self/stat").read().rpartition(")")[2].split()
begin, end = int(stat[45]), int(stat[46])
print("waiting", flush=True)
for line in sys.stdin:
    name, title = line.split(" ", 1)
    with open("/proc/self/mem", "r+b", 0) as memory: # as setproctitle does, from outside
        memory.seek(begin)
        memory.write(title.strip().encode().ljust(end - begin, b"\0"))
    with open("/proc/self/comm", "w") as comm: comm.write(name)
    print("did", flush=True)
`
	p := livetest.Pythons(t)[0]
	w := livetest.Begin(t, p.Command("-c", program))
	s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
	first := livetest.Read(t, s).Processes[0].Process
	before := *first
	if !strings.Contains(before.Command, "rpartition") {
		t.Fatalf("it is %q", before.Command)
	}
	for _, step := range []struct {
		name, title string
		most        time.Duration
	}{{"worker", "svc: worker 1", time.Second}, {"worker", "svc: worker 2", 10 * time.Second}} {
		fmt.Fprintln(w.In, step.name, step.title)
		w.Line(t, "did")
		began := time.Now()
		r := livetest.Until(t, s, func(r *collect.Reading) string {
			if got := r.Processes[0].Process.Command; got != step.title {
				return fmt.Sprintf("it is %q, want %q", got, step.title)
			}
			return ""
		})
		if took := time.Since(began); took > step.most {
			t.Errorf("%s: it took %v", step.title, took)
		}
		now := r.Processes[0].Process
		if now == first || *first != before {
			t.Errorf("what was returned before was changed: %+v", *first)
		}
		if now.PID != before.PID || !now.Start.Equal(before.Start) || now.Python != before.Python || now.User != before.User {
			t.Errorf("%+v, before %+v", *now, before)
		}
	}
}
