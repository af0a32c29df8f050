// Package bpf is the kernel side: what is counted, and the types that cross.
// Words: tgid and tid as the kernel numbers them, ns, address, offset.
package bpf

import (
	"fmt"

	"github.com/cilium/ebpf"
)

//go:generate go tool bpf2go -cc clang-14 -strip llvm-strip-14 -cflags "-O2 -g -Wall -Wextra -Wno-unused-parameter -Werror -mcpu=v3" -target amd64,arm64 -type name -type text -type loss -type cookie_flags -type cookie_shifts -type call_flags -type text_sizes -type process_flags -type missed_what -type event -type gil_sizes -type gil_kind -type gil_phase -type gil_cookie -type gil_frame -type park_kind -type park_sizes bpf pytop.bpf.c

// What crosses, defined once in types.h.
type (
	PyOffsets    = bpfPyOffsets
	CallKey      = bpfCallKey
	CallCount    = bpfCallCount
	ProcessKey   = bpfProcessKey
	ProcessState = bpfProcessState
	Event        = bpfEvent
	Name         = bpfName
	Text         = bpfText
	ThreadKey    = bpfThreadKey
	ThreadCount  = bpfThreadCount
)

// CallCount.Flags.
const Generator = uint32(bpfCallFlagsGENERATOR)

// The bits of an attach cookie; see types.h.
const (
	CodeInRegister  = uint64(bpfCookieFlagsCODE_IN_REGISTER)
	FrameInSlot     = uint64(bpfCookieFlagsFRAME_IN_SLOT)
	IfTaken         = uint64(bpfCookieFlagsIF_TAKEN)
	IfNotTaken      = uint64(bpfCookieFlagsIF_NOT_TAKEN)
	NextInRegister  = uint64(bpfCookieFlagsNEXT_IN_REGISTER)
	ThrowInRegister = uint64(bpfCookieFlagsTHROW_IN_REGISTER)

	ConditionShift = int(bpfCookieShiftsCONDITION_SHIFT)
	CodeShift      = int(bpfCookieShiftsCODE_SHIFT)
	FrameShift     = int(bpfCookieShiftsFRAME_SHIFT)
	NextShift      = int(bpfCookieShiftsNEXT_SHIFT)
	ThrowShift     = int(bpfCookieShiftsTHROW_SHIFT)
	AheadShift     = int(bpfCookieShiftsAHEAD_SHIFT)
	SlotShift      = int(bpfCookieShiftsSLOT_SHIFT)
	AttachShift    = int(bpfCookieShiftsATTACH_SHIFT)
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

// Room for each of a name event's texts, in bytes: one of these.
const (
	TextSmall  = int(bpfTextSizesTEXT_SMALL)
	TextMedium = int(bpfTextSizesTEXT_MEDIUM)
	TextLarge  = int(bpfTextSizesTEXT_LARGE)
)

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
	return map[string]*ebpf.Map{
		bpfMapLive: m.Live, bpfMapGone: m.Gone, bpfMapProcesses: m.Processes, bpfMapNames: m.Names, bpfMapLastId: m.LastId,
		bpfMapFocused: m.Focused, bpfMapByThread: m.ByThread, bpfMapBlank: m.Blank, bpfMapEvents: m.Events, bpfMapMissed: m.Missed,
		bpfMapGilProcesses: m.GilProcesses, bpfMapGilConds: m.GilConds, bpfMapGilStates: m.GilStates, bpfMapGilThreads: m.GilThreads,
		bpfMapGilSlots: m.GilSlots, bpfMapGilFree: m.GilFree, bpfMapGilPairs: m.GilPairs, bpfMapBlame: m.Blame, bpfMapBlameStacks: m.BlameStacks,
		bpfMapWorlds: m.Worlds, bpfMapStoppers: m.Stoppers,
	}
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
