package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// Follower notices forks, execs and ends of the watched processes. It is
// attached while it is not closed.
type Follower struct {
	programs []*ebpf.Program
	links    []link.Link
}

// OpenFollower loads and attaches the programs that follow processes.
func OpenFollower(m *Maps, on Machine) (_ *Follower, err error) {
	spec, replace, err := specOver(m, on.constants(), true)
	if err != nil {
		return nil, err
	}
	var out struct {
		Forked *ebpf.Program `ebpf:"process_forked"`
		Execed *ebpf.Program `ebpf:"process_execed"`
		Exited *ebpf.Program `ebpf:"process_exited"`
	}
	if err := spec.LoadAndAssign(&out, &ebpf.CollectionOptions{MapReplacements: replace}); err != nil {
		return nil, fmt.Errorf("load the BPF programs that follow processes: %w", err)
	}
	f := &Follower{programs: []*ebpf.Program{out.Exited, out.Execed, out.Forked}}
	for _, p := range f.programs {
		one, err := link.AttachTracing(link.TracingOptions{Program: p})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("follow processes: %w", err), f.Close())
		}
		f.links = append(f.links, one)
	}
	return f, nil
}

// Untold is how many forks, execs and ends the kernel did not run the programs
// for: not where one is interrupted by what passes the same program on the same
// processor (recursion_misses). 0 where it does not say.
func (f *Follower) Untold() (n uint64) {
	for _, p := range f.programs {
		if stats, err := p.Stats(); err == nil {
			n += stats.RecursionMisses
		}
	}
	return n
}

// Close detaches and unloads.
func (f *Follower) Close() error {
	var errs []error
	for _, l := range f.links {
		errs = append(errs, l.Close())
	}
	for _, p := range f.programs {
		errs = append(errs, p.Close())
	}
	*f = Follower{}
	return errors.Join(errs...)
}
