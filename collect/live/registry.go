package live

import (
	"pytop/collect"
	"pytop/collect/live/calls"
	"pytop/collect/live/gil"
	"pytop/collect/live/probe"
)

// registry is the kinds that are measured here, and what makes their probes. They
// are attached and read in this order, and detached in the opposite one.
var registry = []struct {
	kind collect.Kind
	make func(*probe.Host) ([]probe.Probe, error)
}{
	{collect.Calls, calls.New},
	{collect.GIL, gil.New},
}
