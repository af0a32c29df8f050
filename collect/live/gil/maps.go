package gil

import (
	"unsafe"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect/live/kernelmap"
)

// threadBuffer is room for one slot.
type threadBuffer struct{ slot bpf.GILThread }

const (
	slotSize     = int64(unsafe.Sizeof(bpf.GILThread{}))
	slotHeadSize = unsafe.Offsetof(bpf.GILThread{}.HoldSince)
	stateSize    = int64(unsafe.Sizeof(bpf.GILState{}))
	processSize  = int64(unsafe.Sizeof(bpf.GILProcess{}))
	// The kernel rounds the size of an array's values up to 8.
	eight = 7
)

// head reads whose a slot is.
func (b *threadBuffer) head(m *ebpf.Memory, slot uint32) (*bpf.GILThread, error) {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&b.slot)), slotHeadSize)
	_, err := m.ReadAt(raw, int64(slot)*((slotSize+eight)&^eight))
	return &b.slot, err
}

// all reads a slot as it was at one instant.
func (b *threadBuffer) all(m *ebpf.Memory, slot uint32) (*bpf.GILThread, error) {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&b.slot)), slotSize)
	err := kernelmap.Steady(&b.slot.Seq, func() error {
		_, err := m.ReadAt(raw, int64(slot)*((slotSize+eight)&^eight))
		return err
	})
	return &b.slot, err
}

func (t *table) state(index uint32) (*bpf.GILState, error) {
	var s bpf.GILState
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&s)), stateSize)
	err := kernelmap.Steady(&s.Seq, func() error {
		_, err := t.states.ReadAt(raw, int64(index)*stateSize)
		return err
	})
	return &s, err
}

func (t *table) process(index uint32) (p bpf.GILProcess, err error) {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&p)), processSize)
	_, err = t.processes.ReadAt(raw, int64(index)*processSize)
	return p, err
}
