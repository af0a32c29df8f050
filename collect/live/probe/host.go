package probe

import (
	"sync"
	"time"

	"pytop/bpf"
	"pytop/collect/live/attach"
	"pytop/collect/live/target"
	"pytop/collect/site"
)

// Host is what a probe has of the source that it is in.
type Host struct {
	Options
	Maps    *bpf.Maps
	Machine bpf.Machine
	Targets *target.Set
	Lock    sync.Locker
	Links   *attach.Owner // of all that is attached
	Beside  func(func())  // does what takes a while; its end is waited for
	Poll    func() error  // polls all probes
	Index   int           // of the kind's account in target.Usage
	Shared  *Shared
}

// Shared is what the source and its probes know together.
type Shared struct {
	Brake  string    // why nothing is attached; empty: it is
	Polled time.Time // when the kernel was asked last
	Closed bool      // the source is
}

// Options say what is measured, and how.
type Options struct {
	Children, All, FromStart bool    // as in target.Options
	Functions                uint32  // live functions that the maps hold
	Budget                   float64 // share of a target's CPU time above which a probe is detached; 0: no limit
	Asked                    bool    // the probe was asked for
	Tests                    Tests
}

// Tests is what only tests ask for.
type Tests struct {
	Unfollowed bool                          // as if the kernel could not tell of forks, execs and ends
	Without    func([]site.Site) []site.Site // leaves out sites that count, as if they had not been found
	AtCalls    bool                          // follow the GIL at the instructions that call libc from the beginning
	Made       func(Probe)                   // is given each probe that was made
	Old        bool                          // as on the oldest kernels: no uprobe_multi, preallocated maps
}
