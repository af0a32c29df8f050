package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

const noPrealloc = 1 // BPF_F_NO_PREALLOC

// canAllocate: the kernel has an allocator that is safe in tracing programs
// (Linux 6.1); before, hashes are made with all their memory.
func canAllocate() bool {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return false
	}
	_, err = spec.AnyTypesByName("bpf_mem_alloc")
	return err == nil
}

// PIDNamespace is a PID namespace's device and inode; zero for the first one.
type PIDNamespace struct{ Dev, Ino uint64 }

// Machine is what the programs must know of where pytop runs, and whom it watches.
type Machine struct {
	PIDs       PIDNamespace
	BootOffset int64 // what pytop's time namespace adds to the time since boot, ns
	WatchAll   bool  // count every process that passes a site
}

// Programs count the calls of one build of CPython.
type Programs struct {
	callPrograms
	Multi      bool // loaded for uprobe_multi; else for perf event uprobes
	focusEpoch *ebpf.Variable
}

// callPrograms are the programs of calls.bpf.c: loaded without the others, so
// that one that the kernel refuses does no harm here.
type callPrograms struct {
	Called       *ebpf.Program `ebpf:"called"`
	Empty        *ebpf.Program `ebpf:"empty"`
	Executor     *ebpf.Program `ebpf:"executor"`
	Freed        *ebpf.Program `ebpf:"freed"`
	Instrumented *ebpf.Program `ebpf:"instrumented"`
}

// LoadPrograms loads the programs over the maps for a build's offsets and
// number. With multi they can only be attached by uprobe_multi (Linux 6.6),
// without only by perf events.
func LoadPrograms(m *Maps, py PyOffsets, build uint32, on Machine, multi bool) (*Programs, error) {
	constants := on.constants()
	constants[bpfVarPy], constants[bpfVarBuild] = py, build
	spec, replace, err := specOver(m, constants, multi)
	if err != nil {
		return nil, err
	}
	var out struct {
		callPrograms
		FocusEpoch *ebpf.Variable `ebpf:"focus_epoch"`
	}
	if err := spec.LoadAndAssign(&out, &ebpf.CollectionOptions{MapReplacements: replace}); err != nil {
		return nil, explained(fmt.Errorf("load BPF programs: %w", err))
	}
	return &Programs{callPrograms: out.callPrograms, Multi: multi, focusEpoch: out.FocusEpoch}, nil
}

// constants are what on is in the programs.
func (on Machine) constants() map[string]any {
	all := uint32(0)
	if on.WatchAll {
		all = 1
	}
	return map[string]any{bpfVarPidnsDev: on.PIDs.Dev, bpfVarPidnsIno: on.PIDs.Ino, bpfVarBootOffset: on.BootOffset, bpfVarWatchAll: all}
}

// SetFocus starts counting the focused code objects by thread under a new
// epoch; 0 stops it.
func (p *Programs) SetFocus(epoch uint32) error {
	return p.focusEpoch.Set(epoch)
}

// Close unloads the programs. Links to them must be closed before.
func (p *Programs) Close() error {
	return closeAll(p.Called, p.Empty, p.Executor, p.Freed, p.Instrumented)
}

func closeAll(programs ...*ebpf.Program) error {
	var errs []error
	for _, p := range programs {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// specOver is what to load, with some constants set, and the maps to load it over.
func specOver(m *Maps, constants map[string]any, multi bool) (*ebpf.CollectionSpec, map[string]*ebpf.Map, error) {
	spec, err := loadBpf()
	if err != nil {
		return nil, nil, err
	}
	for name, value := range constants {
		if err := spec.Variables[name].Set(value); err != nil {
			return nil, nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	if !multi {
		for _, p := range spec.Programs {
			if p.Type == ebpf.Kprobe {
				p.AttachType = 0
			}
		}
	}
	replace := m.all()
	for name, one := range replace { // sizes and flags were set when they were made
		spec.Maps[name].MaxEntries = one.MaxEntries()
		spec.Maps[name].Flags = one.Flags()
	}
	return spec, replace, nil
}
