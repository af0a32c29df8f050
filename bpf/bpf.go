// Package bpf is the kernel side: what is counted, and the types that cross.
// Words: tgid and tid as the kernel numbers them, ns, address, offset.
package bpf

import (
	"fmt"
	"reflect"

	"github.com/cilium/ebpf"
)

//go:generate go tool bpf2go -cc clang-14 -strip llvm-strip-14 -cflags "-O2 -g -Wall -Wextra -Wno-unused-parameter -Werror -mcpu=v3" -target amd64,arm64 -type name -type text -type loss -type cookie_flags -type cookie_shifts -type call_flags -type text_sizes -type process_flags -type missed_what -type event -type gil_sizes -type gil_kind -type gil_phase -type gil_cookie -type gil_frame -type park_kind -type park_sizes bpf pytop.bpf.c

// PyOffsets is where a CPython keeps what the programs read.
type PyOffsets = bpfPyOffsets

// DefaultFunctions is how many live functions the maps hold unless told otherwise.
const DefaultFunctions = 262144

// Maps are what all programs share. Close them last.
type Maps struct {
	bpfMaps
}

// OpenMaps makes the maps, with room for that many live functions. Preallocated
// hashes take all their memory at once; before Linux 6.1 they must be.
func OpenMaps(functions uint32, preallocated bool) (*Maps, error) {
	spec, err := loadBpf()
	if err != nil {
		return nil, err
	}
	spec.Maps[bpfMapLive].MaxEntries = functions
	spec.Maps[bpfMapGone].MaxEntries = functions
	if preallocated || !canAllocate() {
		for _, m := range spec.Maps {
			m.Flags &^= noPrealloc
		}
	}
	m := &Maps{}
	if err := spec.LoadAndAssign(&m.bpfMaps, nil); err != nil {
		return nil, explained(fmt.Errorf("make BPF maps: %w", err))
	}
	return m, nil
}

// all is every map, by its name in the programs.
func (m *Maps) all() map[string]*ebpf.Map {
	maps := map[string]*ebpf.Map{}
	of := reflect.ValueOf(m.bpfMaps)
	for i := range of.NumField() {
		maps[of.Type().Field(i).Tag.Get("ebpf")] = of.Field(i).Interface().(*ebpf.Map)
	}
	return maps
}

// Memory is what the maps hold of the kernel's memory now, in bytes, as the
// kernel tells it; 0 when it does not.
func (m *Maps) Memory() uint64 {
	var sum uint64
	for _, one := range m.all() {
		if info, err := one.Info(); err == nil {
			if n, ok := info.Memlock(); ok {
				sum += n
			}
		}
	}
	return sum
}
