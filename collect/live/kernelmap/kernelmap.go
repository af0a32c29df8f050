// Package kernelmap reads the kernel's maps by the batch.
package kernelmap

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/cilium/ebpf"
)

// BatchEnded tells whether a batch was the last.
func BatchEnded(err error) (bool, error) {
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return true, nil
	}
	return false, err
}

// ReadAll reads all entries of a hash.
func ReadAll[K, V any](m *ebpf.Map, each func(K, V)) error {
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

// TakeAll takes entries out, and reads what they hold at that moment.
func TakeAll[K, V any](m *ebpf.Map, keys []K, each func(K, V)) error {
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

// DeleteAll deletes entries; one that is not there ends a batch, so that it is
// stepped over.
func DeleteAll[K any](m *ebpf.Map, keys []K) error {
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

// Clear deletes all entries of a small map.
func Clear[K, V any](m *ebpf.Map, key *K, value *V) error {
	var keys []K
	it := m.Iterate()
	for it.Next(key, value) {
		keys = append(keys, *key)
	}
	if err := it.Err(); err != nil {
		return err
	}
	for i := range keys {
		if err := m.Delete(&keys[i]); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return err
		}
	}
	return nil
}

// Steady reads until what was read is of one instant: its sequence number is
// even, and the same before and after. What is still not after many tries (its
// writer was preempted in the middle) is taken as it is: each number in it is
// right, if not of the same instant.
func Steady(seq *uint32, read func() error) error {
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
