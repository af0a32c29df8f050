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

// Programs count the calls of one build of CPython.
type Programs struct {
	bpfPrograms
	Multi      bool // loaded for uprobe_multi; else for perf event uprobes
	focusEpoch *ebpf.Variable
}

// LoadPrograms loads the programs over the maps for a build's offsets. With
// multi they can only be attached by uprobe_multi (Linux 6.6), without only
// by perf events.
func LoadPrograms(m *Maps, py PyOffsets, ns PIDNamespace, multi bool) (*Programs, error) {
	spec, err := loadBpf()
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]any{bpfVarPy: py, bpfVarPidnsDev: ns.Dev, bpfVarPidnsIno: ns.Ino} {
		if err := spec.Variables[name].Set(value); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	if !multi {
		for _, p := range spec.Programs {
			p.AttachType = 0
		}
	}
	replace := map[string]*ebpf.Map{
		bpfMapLive: m.Live, bpfMapGone: m.Gone, bpfMapProcesses: m.Processes, bpfMapNames: m.Names,
		bpfMapLastId: m.LastId, bpfMapFocused: m.Focused, bpfMapByThread: m.ByThread,
	}
	for name, one := range replace { // sizes and flags were set when they were made
		spec.Maps[name].MaxEntries = one.MaxEntries()
		spec.Maps[name].Flags = one.Flags()
	}
	var out struct {
		bpfPrograms
		FocusEpoch *ebpf.Variable `ebpf:"focus_epoch"`
	}
	if err := spec.LoadAndAssign(&out, &ebpf.CollectionOptions{MapReplacements: replace}); err != nil {
		return nil, explained(fmt.Errorf("load BPF programs: %w", err))
	}
	return &Programs{bpfPrograms: out.bpfPrograms, Multi: multi, focusEpoch: out.FocusEpoch}, nil
}

// SetFocus starts counting the focused code objects by thread under a new
// epoch; 0 stops it.
func (p *Programs) SetFocus(epoch uint32) error {
	return p.focusEpoch.Set(epoch)
}

// Close unloads the programs. Links to them must be closed before.
func (p *Programs) Close() error {
	return errors.Join(p.bpfPrograms.Close())
}
