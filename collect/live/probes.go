package live

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"pytop/collect"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
	"pytop/collect/live/words"
)

// Entry is a kind that is measured here, and what makes its probes.
type Entry struct {
	Kind collect.Kind
	Make func(*probe.Host) ([]probe.Probe, error)
}

// Registry is what is measured. Probes are attached and read in this order, and
// detached in the opposite one. Package live/registry sets it.
var Registry []Entry

// made is a probe, and its place in the registry: that of its account.
type made struct {
	probe.Probe
	kind  collect.Kind
	line  int
	asked bool
}

// probes is what measures, in the order of the registry. It is target.Probes.
type probes struct {
	list []made
	poll func() error // of the source
}

// make makes the probes of the registry.
func (l *probes) make(host probe.Host, asked []string) error {
	for i, r := range Registry {
		h := host
		h.Index, h.Asked = i, slices.Contains(asked, r.Kind.Name)
		some, err := r.Make(&h)
		for _, one := range some {
			l.list = append(l.list, made{one, r.Kind, i, h.Asked})
			if h.Tests.Made != nil {
				h.Tests.Made(one)
			}
		}
		if err != nil {
			return fmt.Errorf("prepare the probe %s: %w", r.Kind.Name, err)
		}
	}
	return nil
}

func (l *probes) each(do func(probe.Probe) error) error {
	var errs []error
	for _, one := range l.list {
		errs = append(errs, do(one.Probe))
	}
	return errors.Join(errs...)
}

// Prepare loads what a file's processes need.
func (l *probes) Prepare(b *target.Build) error {
	for i, one := range l.list {
		if err := one.Prepare(b); err != nil {
			for _, before := range l.list[:i] {
				if release := before.Release(b); release != nil {
					err = errors.Join(err, release())
				}
			}
			return err
		}
	}
	return nil
}

// Poll brings all that is known up to date with the kernel.
func (l *probes) Poll() error { return l.poll() }

// Came, Adopted, Leaves, Execed and Ended tell what became of a process.
func (l *probes) Came(p *target.Process, at time.Time) {
	for _, one := range l.list {
		one.Came(p, at)
	}
}

func (l *probes) Adopted(p *target.Process) {
	for _, one := range l.list {
		one.Adopted(p)
	}
}

func (l *probes) Leaves(p *target.Process) {
	for _, one := range l.list {
		one.Leaves(p)
	}
}

func (l *probes) Execed(p *target.Process, e target.Exec) {
	for _, one := range l.list {
		one.Execed(p, e)
	}
}

func (l *probes) Ended(p *target.Process) {
	for _, one := range l.list {
		one.Ended(p)
	}
}

// LostProbes tells whether an exec took a probe away.
func (l *probes) LostProbes(p *target.Process) bool {
	return slices.ContainsFunc(l.list, func(one made) bool { return one.LostProbes(p) })
}

// Lingers tells whether some probe waits for what the kernel may still write.
func (l *probes) Lingers(p *target.Process) bool {
	lingers := false
	for _, one := range l.list { // each counts how often it was asked
		lingers = one.Lingers(p) || lingers
	}
	return lingers
}

// Drop forgets processes.
func (l *probes) Drop(ended map[*target.Process]bool) error {
	return l.each(func(one probe.Probe) error { return one.Drop(ended) })
}

// Shares tells whether something is attached to a file for all processes.
func (l *probes) Shares(b *target.Build) bool {
	return slices.ContainsFunc(l.list, func(one made) bool { return one.Shares(b) })
}

// Unshare detaches that.
func (l *probes) Unshare(b *target.Build) (ends []func() error) {
	for _, one := range l.list {
		if end := one.Unshare(b); end != nil {
			ends = append(ends, end)
		}
	}
	return ends
}

// Release gives up what is loaded for a file.
func (l *probes) Release(b *target.Build) (ends []func() error) {
	for _, one := range l.list {
		if end := one.Release(b); end != nil {
			ends = append(ends, end)
		}
	}
	return ends
}

// ReadProcess is all that is known of a process.
func (l *probes) ReadProcess(p *target.Process) (r collect.ProcessReading, measured bool) {
	r = p.Reading()
	for _, one := range l.list {
		measured = one.ReadProcess(p, &r) || measured
	}
	return r, measured
}

// read adds the probes' sections to a reading, and how each kind goes.
func (l *probes) read(r *collect.Reading) {
	for i, one := range l.list {
		is := one.Read(r)
		is.Name = one.kind.Name
		if !one.asked {
			is.Status, is.Reason = collect.ProbeOff, words.NotAsked
		}
		if i > 0 && l.list[i-1].line == one.line {
			merge(&r.Probes[len(r.Probes)-1], &is)
			continue
		}
		r.Probes = append(r.Probes, is)
	}
}

// merge makes one of what two probes of a kind say.
func merge(into, one *collect.Probe) {
	into.Status = better(into.Status, one.Status)
	into.Method, into.Reason = words.Join(into.Method, one.Method), words.Join(into.Reason, one.Reason)
	into.Hits, into.Lost, into.Cost = into.Hits+one.Hits, into.Lost+one.Lost, into.Cost+one.Cost
}

// better is on where either is, and else failed where either has.
func better(a, b collect.ProbeStatus) collect.ProbeStatus {
	for _, status := range []collect.ProbeStatus{collect.ProbeOn, collect.ProbeFailed} {
		if a == status || b == status {
			return status
		}
	}
	return a
}

// stack is a thread's stack, as the first probe reads it that can.
func (l *probes) stack(p *target.Process, pid, tid int) (*collect.DumpThread, error) {
	for _, one := range l.list {
		if s, ok := one.Probe.(probe.Stacker); ok && p != nil {
			return s.Stack(p, tid)
		}
	}
	return nil, fmt.Errorf("the memory of process %d is not read", pid)
}
