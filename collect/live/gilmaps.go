package live

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"

	"pytop/bpf"
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
	err := steady(&b.slot.Seq, func() error {
		_, err := m.ReadAt(raw, int64(slot)*((slotSize+eight)&^eight))
		return err
	})
	return &b.slot, err
}

// steady reads until what was read is of one instant: its sequence number is
// even, and the same before and after. What is still not after many tries (its
// writer was preempted in the middle) is taken as it is: each number in it is
// right, if not of the same instant.
func steady(seq *uint32, read func() error) error {
	for range 50 {
		if err := read(); err != nil {
			return err
		}
		before := atomic.LoadUint32(seq)
		if before&1 != 0 {
			continue
		}
		if err := read(); err != nil {
			return err
		}
		if atomic.LoadUint32(seq) == before {
			return nil
		}
	}
	return nil
}

func (t *gilTable) state(index uint32) (*bpf.GILState, error) {
	var s bpf.GILState
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&s)), stateSize)
	err := steady(&s.Seq, func() error {
		_, err := t.states.ReadAt(raw, int64(index)*stateSize)
		return err
	})
	return &s, err
}

func (t *gilTable) process(index uint32) (p bpf.GILProcess, err error) {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&p)), processSize)
	_, err = t.processes.ReadAt(raw, int64(index)*processSize)
	return p, err
}

// readAll reads all entries of a hash.
func readAll[K, V any](m *ebpf.Map, each func(K, V)) error {
	keys, values := make([]K, 1024), make([]V, 1024)
	var cursor ebpf.MapBatchCursor
	for {
		n, err := m.BatchLookup(&cursor, keys, values, nil)
		for i := range n {
			each(keys[i], values[i])
		}
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// takeAll takes entries out, and reads what they hold at that moment.
func takeAll[K, V any](m *ebpf.Map, keys []K, each func(K, V)) error {
	for i := range keys {
		var value V
		switch err := m.LookupAndDelete(&keys[i], &value); {
		case err == nil:
			each(keys[i], value)
		case !errors.Is(err, ebpf.ErrKeyNotExist):
			return fmt.Errorf("take out what was read: %w", err)
		}
	}
	return nil
}

// deleteAll deletes entries; one that is not there ends a batch, so that it is
// stepped over.
func deleteAll[K any](m *ebpf.Map, keys []K) error {
	for len(keys) > 0 {
		n, err := m.BatchDelete(keys, nil)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, ebpf.ErrKeyNotExist):
			return err
		}
		keys = keys[min(n+1, len(keys)):]
	}
	return nil
}
