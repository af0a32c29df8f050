package bpf

import "github.com/cilium/ebpf"

// What crosses for calls, defined once in types/calls.h.
type (
	CallKey     = bpfCallKey
	CallCount   = bpfCallCount
	Name        = bpfName
	Text        = bpfText
	ThreadKey   = bpfThreadKey
	ThreadCount = bpfThreadCount
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

// Room for each of a name event's texts, in bytes: one of these.
const (
	TextSmall  = int(bpfTextSizesTEXT_SMALL)
	TextMedium = int(bpfTextSizesTEXT_MEDIUM)
	TextLarge  = int(bpfTextSizesTEXT_LARGE)
)

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
	var out struct {
		callPrograms
		FocusEpoch *ebpf.Variable `ebpf:"focus_epoch"`
	}
	if err := load(m, constants, multi, &out); err != nil {
		return nil, explained(err)
	}
	return &Programs{callPrograms: out.callPrograms, Multi: multi, focusEpoch: out.FocusEpoch}, nil
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
