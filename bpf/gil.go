package bpf

import (
	"github.com/cilium/ebpf"
)

// What crosses for the GIL, defined once in types/gil.h.
type (
	GILOffsets   = bpfGilOffsets
	GILProcess   = bpfGilProcess
	GILCond      = bpfGilCond
	GILRole      = bpfGilRole
	GILState     = bpfGilState
	GILThread    = bpfGilThread
	GILPair      = bpfGilPair
	GILPairCount = bpfGilPairCount
	GILFrame     = bpfGilFrame
	BlameKey     = bpfBlameKey
	BlameCount   = bpfBlameCount
	BlameStack   = bpfBlameStack
)

// GILRole.Kind: what signalling a condition variable says.
const (
	GILTaken   = uint32(bpfGilKindGIL_TAKEN)
	GILDropped = uint32(bpfGilKindGIL_DROPPED)
)

// GILProcess.Phase.
const (
	GILAll  = uint64(bpfGilPhaseGIL_ALL)
	GILOnce = uint64(bpfGilPhaseGIL_ONCE)
	GILNone = uint64(bpfGilPhaseGIL_NONE)
)

// The bits of the attach cookie of a GIL's probe above the index of its
// process; see types.h.
const (
	GILAtCallShift    = int(bpfGilCookieGIL_AT_CALL_SHIFT)
	GILIfTakenShift   = int(bpfGilCookieGIL_IF_TAKEN_SHIFT)
	GILConditionShift = int(bpfGilCookieGIL_CONDITION_SHIFT)
)

// GILBuckets is how many buckets a histogram has: bucket i counts [2^i, 2^(i+1)) ns.
const GILBuckets = int(bpfGilSizesGIL_BUCKETS)

// FrameRoom is how many bytes of a frame the programs can read.
const FrameRoom = int(bpfGilSizesFRAME_ROOM)

// GILPrograms follow the GIL of one build of CPython.
type GILPrograms struct {
	gilPrograms
	Multi bool // loaded for uprobe_multi; else for perf event uprobes
}

type gilPrograms struct {
	Signalled *ebpf.Program `ebpf:"signalled"`
	Waited    *ebpf.Program `ebpf:"waited"`
	Forced    *ebpf.Program `ebpf:"forced"`
	Exited    *ebpf.Program `ebpf:"exited"`
	Empty     *ebpf.Program `ebpf:"empty"` // what a probe costs that does nothing
}

// LoadGIL loads the programs that follow the GIL over the maps; see LoadPrograms.
func LoadGIL(m *Maps, py PyOffsets, gil GILOffsets, ns PIDNamespace, multi bool) (*GILPrograms, error) {
	out := &GILPrograms{Multi: multi}
	if err := load(m, map[string]any{bpfVarPy: py, bpfVarGil: gil, bpfVarPidnsDev: ns.Dev, bpfVarPidnsIno: ns.Ino}, multi, &out.gilPrograms); err != nil {
		return nil, err
	}
	return out, nil
}

// Close unloads the programs. Links to them must be closed before.
func (p *GILPrograms) Close() error {
	return closeAll(p.Signalled, p.Waited, p.Forced, p.Exited, p.Empty)
}
