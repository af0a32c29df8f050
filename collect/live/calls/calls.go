// Package calls counts the calls of Python functions.
package calls

import (
	"errors"
	"time"

	"pytop/bpf"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
)

// Calls counts the calls of functions. It is a probe.Probe, a probe.Budgeted and
// a probe.Focuser.
type Calls struct {
	probe.Base
	*probe.Host
	names     *names
	functions *functions
	of        map[*target.Process]*process
	builds    map[*target.Build]*build
	proving   proving
	buffers   buffers
	polls     uint64
	namesLost uint64
	attaches  uint8
	focus     uint64
	epoch     uint32
	ended     ended
}

// ended is what is left of processes that were dropped.
type ended struct {
	lost     [5]uint64
	hits     uint64
	hitsLost uint64
	cost     time.Duration
}

func (t *ended) add(p *process) {
	for i := range t.lost {
		t.lost[i] += p.Lost(i)
		if i != bpf.LostNames {
			t.hitsLost += p.Lost(i)
		}
	}
	t.hits += p.spent.calls + p.spent.resumes + p.spent.other
	t.cost += p.Accounts[p.calls.Index].All()
}

// New makes the probe.
func New(h *probe.Host) ([]probe.Probe, error) {
	c := &Calls{Host: h, functions: newFunctions(), of: map[*target.Process]*process{}, builds: map[*target.Build]*build{}}
	var err error
	if c.names, err = openNames(h.Maps.Names); err != nil {
		return nil, err
	}
	return []probe.Probe{c}, nil
}

// process is what is known of a process's calls.
func (c *Calls) process(of *target.Process) *process {
	p := c.of[of]
	if p == nil {
		p = &process{Process: of, calls: c, uncounted: !c.Asked && of.Build != nil}
		c.of[of] = p
	}
	return p
}

// all is the processes that are watched, in their order.
func (c *Calls) all() []*process {
	list := make([]*process, len(c.Targets.Order))
	for i, p := range c.Targets.Order {
		list[i] = c.process(p)
	}
	return list
}

// Ready makes now the zero of all counts.
func (c *Calls) Ready() {
	c.functions.rebase()
	for _, p := range c.all() {
		p.zero, p.lapse = p.total, lapse{}
		p.counted, p.attached = 0, c.Targets.Begun
	}
}

// Shut detaches from everything, for good.
func (c *Calls) Shut() error {
	return errors.Join(detachAll(time.Now(), c.all()...), c.detachShared())
}

// Close frees the programs.
func (c *Calls) Close() error {
	var errs []error
	for _, b := range c.builds {
		errs = append(errs, b.close())
	}
	return errors.Join(append(errs, c.names.close())...)
}
