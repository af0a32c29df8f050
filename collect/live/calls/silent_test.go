package calls_test

import (
	"fmt"
	"strings"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestBusyAndSilent: a process that is busy and calls nothing may pass no probe.
// Its counts are a lower bound until its first call is counted, and exact from
// then on, however long it computes in C.
func TestBusyAndSilent(t *testing.T) {
	livetest.NeedRoot(t)
	const program = `import os, time
def counted(): pass
os.write(1, b"waiting\n")
while True:
    line = os.read(0, 100) # text files call Python's codecs
    if line == b"call\n": counted()
    until = time.process_time() + 1.2
    while line == b"spin\n" and time.process_time() < until: sum(range(100000))
    os.write(1, b"did\n")
`
	for _, p := range livetest.Some(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := livetest.Begin(t, p.Command("-c", program))
			s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
			for i, step := range []struct {
				command string
				status  collect.CallsStatus
			}{{"idle", collect.Exact}, {"spin", collect.LowerBound}, {"call", collect.Exact}, {"spin", collect.Exact}} {
				fmt.Fprintln(w.In, step.command)
				w.Line(t, "did")
				got := livetest.Read(t, s).Processes[0]
				if got.Status != step.status || (step.status == collect.Exact) != (got.Reason == "") || got.Reason != "" && !strings.HasPrefix(got.Reason, "busy, and not one call was counted") {
					t.Errorf("step %d, %s: %d calls, %s %q", i, step.command, got.Calls, got.Status, got.Reason)
				}
			}
		})
	}
}
