package bpf

import (
	"github.com/cilium/ebpf"
)

// What crosses for free-threaded builds, defined once in types/park.h.
type (
	ParkOffsets  = bpfParkOffsets
	World        = bpfWorld
	StopperKey   = bpfStopperKey
	StopperCount = bpfStopperCount
)

// Park.Kind: what a thread waits for.
const (
	ParkMutex = uint32(bpfParkKindPARK_MUTEX)
	ParkPause = uint32(bpfParkKindPARK_PAUSE)
)

// GILInterpreter is a GILRole.Kind: an interpreter of a free-threaded process.
const GILInterpreter = uint32(bpfGilKindGIL_INTERPRETER)

// ParkPrograms follow the waits in one free-threaded build of CPython.
type ParkPrograms struct {
	parkPrograms
	Multi bool // loaded for uprobe_multi; else for perf event uprobes
}

type parkPrograms struct {
	Parked   *ebpf.Program `ebpf:"parked"`
	Unparked *ebpf.Program `ebpf:"unparked"`
}

// LoadPark loads the programs that follow waits over the maps; see LoadPrograms.
func LoadPark(m *Maps, park ParkOffsets, ns PIDNamespace, multi bool) (*ParkPrograms, error) {
	out := &ParkPrograms{Multi: multi}
	if err := load(m, map[string]any{bpfVarPark: park, bpfVarPidnsDev: ns.Dev, bpfVarPidnsIno: ns.Ino}, multi, &out.parkPrograms); err != nil {
		return nil, err
	}
	return out, nil
}

// Close unloads the programs. Links to them must be closed before.
func (p *ParkPrograms) Close() error { return closeAll(p.Parked, p.Unparked) }
