// Package ctxswitches reads from /proc how often the threads of the watched
// processes leave their CPU. It is the worked example of docs/adding-a-probe.md.
package ctxswitches

import (
	"fmt"
	"slices"

	"pytop/collect"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
	"pytop/collect/proc"
)

// mostThreads is of how many threads of a process the counts are read: each is a
// file, some 15 µs.
const mostThreads = 1024

// Switches reads context switches. It is a probe.Probe. It attaches nothing, so
// that there is nothing to detach: while pytop is braked it does not read.
type Switches struct {
	probe.Base
	*probe.Host
	last []collect.ThreadSwitches // as of the last poll
	left int                      // threads that were not read then
}

// New makes the probe.
func New(h *probe.Host) ([]probe.Probe, error) { return []probe.Probe{&Switches{Host: h}}, nil }

// Poll reads the threads of every process that is watched.
func (s *Switches) Poll() error {
	s.last, s.left = s.last[:0:0], 0
	if !s.Asked || s.Shared.Brake != "" {
		return nil
	}
	for _, p := range s.Targets.Order {
		if p.Build != nil && p.Gone == "" {
			s.read(p)
		}
	}
	return nil
}

// read reads the threads of one process. One that ends meanwhile is left out.
func (s *Switches) read(p *target.Process) {
	tids, err := proc.System().TIDs(p.Info.PID)
	if err != nil {
		return // it ends, which is noticed elsewhere
	}
	if len(tids) > mostThreads {
		s.left += len(tids) - mostThreads
		tids = tids[:mostThreads]
	}
	for _, tid := range tids {
		one := collect.ThreadSwitches{PID: p.Info.PID, TID: tid}
		if one.Voluntary, one.Involuntary, err = proc.System().ThreadSwitches(one.PID, tid); err != nil {
			continue
		}
		one.Name, _ = proc.System().ThreadName(one.PID, tid) // empty: it has just ended
		s.last = append(s.last, one)
	}
}

// Read adds the threads to a reading.
func (s *Switches) Read(r *collect.Reading) collect.Probe {
	if !s.Asked || s.Shared.Brake != "" {
		return collect.Probe{Status: collect.ProbeOff, Reason: s.Shared.Brake}
	}
	r.CtxSwitches = slices.Clone(s.last)
	is := collect.Probe{Status: collect.ProbeOn, Method: "read from /proc"}
	if s.left > 0 {
		is.Reason = fmt.Sprintf("%d threads are not read: more than %d of a process", s.left, mostThreads)
	}
	return is
}

// Inspect says how a process's context switches would be read.
func (s *Switches) Inspect(*target.Process) (probe.Finding, error) {
	return probe.Finding{How: "read from /proc, nothing attached"}, nil
}
