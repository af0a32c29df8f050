package live_test

import (
	"strings"
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// TestNeverThere: of several that were asked for, one that is not there says
// that it is not watched.
func TestNeverThere(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.Some(t)[0]
	w := livetest.Obeying(t, p)
	const none = 1 << 22 // above every PID
	s, err := live.Open(live.Options{Probes: livetest.OnlyCalls, PIDs: []int{w.Process.Pid, none}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := livetest.Read(t, s).Processes[1]; got.Status != collect.Off || got.Process.Python != "" || !strings.HasPrefix(got.Reason, "it is not watched: ") {
		t.Errorf("%s: %q", got.Status, got.Reason)
	}
}
