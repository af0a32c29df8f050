package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// What crosses for processes, defined once in types/process.h.
type (
	ProcessKey   = bpfProcessKey
	ProcessState = bpfProcessState
	Event        = bpfEvent
)

// Indexes of ProcessState.Lost.
const (
	LostUnreadable = int(bpfLossLOST_UNREADABLE)
	LostFull       = int(bpfLossLOST_FULL)
	LostGoneFull   = int(bpfLossLOST_GONE_FULL)
	LostNames      = int(bpfLossLOST_NAMES)
	LostNotCode    = int(bpfLossLOST_NOT_CODE)
)

// Bits of ProcessState.Flags.
const (
	Counted  = uint32(bpfProcessFlagsCOUNTED)
	Family   = uint32(bpfProcessFlagsFAMILY)
	Pays     = uint32(bpfProcessFlagsPAYS)
	Ended    = uint32(bpfProcessFlagsENDED)
	ByKernel = uint32(bpfProcessFlagsBY_KERNEL)
	Execed   = uint32(bpfProcessFlagsEXECED)
)

// Keys of the map of what was missed.
const (
	MissedExecs     = uint32(bpfMissedWhatMISSED_EXECS)
	MissedProcesses = uint32(bpfMissedWhatMISSED_PROCESSES)
)

// PIDNamespace is a PID namespace's device and inode; zero for the first one.
type PIDNamespace struct{ Dev, Ino uint64 }

// Machine is what the programs must know of where pytop runs, and whom it watches.
type Machine struct {
	PIDs       PIDNamespace
	BootOffset int64 // what pytop's time namespace adds to the time since boot, ns
	WatchAll   bool  // count every process that passes a site
}

// constants are what on is in the programs.
func (on Machine) constants() map[string]any {
	all := uint32(0)
	if on.WatchAll {
		all = 1
	}
	return map[string]any{bpfVarPidnsDev: on.PIDs.Dev, bpfVarPidnsIno: on.PIDs.Ino, bpfVarBootOffset: on.BootOffset, bpfVarWatchAll: all}
}

// Follower notices forks, execs and ends of the watched processes. It is
// attached while it is not closed.
type Follower struct {
	programs []*ebpf.Program
	links    []link.Link
}

// OpenFollower loads and attaches the programs that follow processes.
func OpenFollower(m *Maps, on Machine) (_ *Follower, err error) {
	var out struct {
		Forked *ebpf.Program `ebpf:"process_forked"`
		Execed *ebpf.Program `ebpf:"process_execed"`
		Exited *ebpf.Program `ebpf:"process_exited"`
	}
	if err := load(m, on.constants(), true, &out); err != nil {
		return nil, fmt.Errorf("follow processes: %w", err)
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
