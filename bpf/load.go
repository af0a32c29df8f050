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

// load loads some of the programs over the maps, with some constants set: those
// that out has fields for, so that one that the kernel refuses does no harm to
// the others. With multi they can only be attached by uprobe_multi (Linux 6.6),
// without only by perf events.
func load(m *Maps, constants map[string]any, multi bool, out any) error {
	spec, err := loadBpf()
	if err != nil {
		return err
	}
	for name, value := range constants {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
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
	if err := spec.LoadAndAssign(out, &ebpf.CollectionOptions{MapReplacements: replace}); err != nil {
		return fmt.Errorf("load BPF programs: %w", err)
	}
	return nil
}

func closeAll(programs ...*ebpf.Program) error {
	var errs []error
	for _, p := range programs {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
