package calls_test

import (
	"testing"

	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/livetest"
	"pytop/collect/live/probe"
)

// open opens a source on a workload, and returns its probe of calls too.
func open(t testing.TB, w *livetest.Workload, o live.Options) (*live.Source, *calls.Calls) {
	t.Helper()
	c := livetest.Made[*calls.Calls](&o)
	return livetest.Open(t, w, o), *c
}

// openAll opens a source on all processes, and returns its probe of calls too.
func openAll(t *testing.T, unfollowed bool) (*live.Source, *calls.Calls) {
	t.Helper()
	o := live.Options{Probes: livetest.OnlyCalls, Tests: probe.Tests{Unfollowed: unfollowed}}
	c := livetest.Made[*calls.Calls](&o)
	return livetest.OpenAll(t, o), *c
}

// nothingHeld checks that of processes that have ended nothing is left but
// those that were asked for.
func nothingHeld(t testing.TB, c *calls.Calls) {
	t.Helper()
	livetest.NothingHeld(t, c.Host)
	objects, names := c.Stray()
	if len(objects) > 0 {
		t.Errorf("the map has a code object of process %d still", objects[0])
	}
	if names > 0 {
		t.Errorf("%d names are kept that nobody asked for", names)
	}
}
