// Package gil follows who holds the GIL and who waits for it, and, of processes
// without one, what their threads wait for instead.
package gil

import (
	"errors"
	"fmt"
	"time"

	"pytop/collect"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
)

// GIL follows the GILs of processes. It is a probe.Probe and a probe.Stacker. It
// also takes in for both probes what becomes of processes.
type GIL struct {
	probe.Base
	*table
}

// New makes the two probes: GIL and Parking.
func New(h *probe.Host) ([]probe.Probe, error) {
	t := &table{
		Host: h, of: map[*target.Process]*followed{}, builds: map[*target.Build]*build{},
		slots: map[uint64]*thread{}, byTID: map[threadName]*thread{}, stacks: map[uint64]blamedStack{}, room: mostFollowed,
	}
	return []probe.Probe{&GIL{table: t}, &Parking{table: t}}, nil
}

// Attach begins to follow a process's GIL. That it cannot is the probe's reason,
// not an error: its calls are counted all the same.
func (l *GIL) Attach(p *target.Process, _ bool) error {
	l.attach(p, false)
	return nil
}

// Detach takes the probes away.
func (l *GIL) Detach(why string, of ...*target.Process) error {
	return l.detach(why, l.those(of, false)...)
}

// Leaves ends following the GIL of a program that a process no longer runs.
func (l *GIL) Leaves(p *target.Process) {
	if g := l.of[p]; g != nil {
		l.leave(g)
	}
}

// Execed follows the GIL of a program that a process has exec'd.
func (l *GIL) Execed(p *target.Process, _ target.Exec) {
	g := l.of[p]
	if g == nil {
		return
	}
	l.leave(g)
	if g.status != collect.ProbeFailed && p.Gone == "" && !p.Braked {
		l.attachEither(p)
	}
}

// Ended stops a process's clock.
func (l *GIL) Ended(p *target.Process) { l.of[p].stop() }

// Lingers tells whether the kernel may still write what a thread of the
// process did: noted at the thread's end, which it is told after the process's.
func (l *GIL) Lingers(p *target.Process) bool {
	g := l.of[p]
	if g == nil || g.links == nil || g.unsettled == 0 || g.lingered >= mostLingers {
		return false
	}
	g.lingered++
	return true
}

// Drop frees what is held of processes that have ended.
func (l *GIL) Drop(ended map[*target.Process]bool) error { return l.drop(ended) }

// Poll brings what is known of GILs and threads up to date with the maps.
func (l *GIL) Poll() error { return l.poll() }

// Cost is the bare price of following a process since it was asked last.
func (l *GIL) Cost(p *target.Process) time.Duration {
	g := l.of[p]
	if g == nil {
		return 0
	}
	return g.cost()
}

// Shut detaches from everything, for good.
func (l *GIL) Shut() error {
	err := l.shut()
	if l.exit != nil {
		err = errors.Join(err, l.exit.Close())
	}
	return err
}

// Close frees the programs.
func (l *GIL) Close() error {
	var errs []error
	for _, b := range l.builds {
		errs = append(errs, b.close())
	}
	for _, c := range l.conditions {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// Release gives up what is loaded for a file; what it returns frees it.
func (l *GIL) Release(b *target.Build) func() error {
	one := l.builds[b]
	if one == nil {
		return nil
	}
	delete(l.builds, b)
	return one.close
}

// Stack is a thread's Python stack now.
func (l *GIL) Stack(p *target.Process, tid int) (*collect.DumpThread, error) {
	g := l.of[p]
	if g == nil || g.memory == nil {
		return nil, fmt.Errorf("the memory of process %d is not read", p.Info.PID)
	}
	return g.memory.Stack(tid)
}

// inspect begins to read the memory of a process that is not followed.
func (t *table) inspect(p *target.Process) (g *followed, free bool, err error) {
	g = &followed{Process: p, table: t}
	free, err = t.look(g)
	return g, free, err
}

// Inspect says how a process's GIL would be followed.
func (l *GIL) Inspect(p *target.Process) (found probe.Finding, _ error) {
	g, free, err := l.inspect(p)
	if err != nil || free {
		return found, err
	}
	b := g.build()
	if err := l.load(b); err != nil {
		return found, err
	}
	c, err := l.conditionsOf(p.Info.PID)
	if err != nil {
		return found, err
	}
	found.How = fmt.Sprintf("%s; at least %d ns a take and drop", c.where(), 2*int64(b.price))
	return found, nil
}
