package gil

import (
	"testing"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/livetest"
	"pytop/collect/live/probe"
)

// lastTable is the table of the source that was opened last: tests that look into it
// do not run beside others that open one.
var lastTable *table

func init() {
	live.Registry = []live.Entry{{Kind: collect.Calls, Make: calls.New}, {Kind: collect.GIL, Make: func(h *probe.Host) ([]probe.Probe, error) {
		made, err := New(h)
		lastTable = made[0].(*GIL).table
		return made, err
	}}}
}

// onlyGIL measures nothing else.
var onlyGIL = []string{collect.GIL.Name}

// source is a source, and what is in its probes.
type source struct {
	*live.Source
	table *table
}

// first is what is known of the process that was asked for first.
func (s *source) first() *followed { return s.table.of[s.table.Targets.Order[0]] }

// open opens a source on a workload, with no budget unless o says one.
func open(t testing.TB, w *livetest.Workload, o live.Options) *source {
	t.Helper()
	return &source{livetest.Open(t, w, o), lastTable}
}
