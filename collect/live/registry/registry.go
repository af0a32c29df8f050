// Package registry lists the probes. Importing it is what gives the source its
// probes: the core of live names none, and a probe's own tests can open a source.
package registry

import (
	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/calls"
	"pytop/collect/live/gil"
)

func init() {
	live.Registry = []live.Entry{
		{Kind: collect.Calls, Make: calls.New},
		{Kind: collect.GIL, Make: gil.New},
	}
}
