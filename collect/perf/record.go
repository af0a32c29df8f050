package perf

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// What perf_event_open(2) says of records: each begins with its kind (4
// bytes), flags (2) and size (2, this head included).
const (
	headSize   = 8
	sampleSize = headSize + 4 + 4 + 8 + 8 // head, pid, tid, time, how many addresses
	lostSize   = headSize + 8 + 8         // head, id, how many
	// marks are no addresses: what follows one was in the kernel, the user's
	// memory or a guest, down to PERF_CONTEXT_MAX.
	marks = ^uint64(0) - 4094
	user  = ^uint64(0) - 511
)

// ErrCorrupt says that what was read is no sequence of records.
var ErrCorrupt = errors.New("corrupt perf records")

// Sample is where a thread was at one instant.
type Sample struct {
	TID  int
	Time uint64 // ns, CLOCK_MONOTONIC
	// Stack are addresses of instructions, the innermost first: the one to
	// run next, or behind the system call that it is in, then return
	// addresses as far as frame pointers led. Without frame pointers all but
	// the first may be anything.
	Stack []uint64
}

// records are parsed records.
type records struct {
	samples []Sample
	lost    uint64 // that found no room
}

var le = binary.LittleEndian

// parse parses whole records as the kernel writes them for Open's event.
// Records of other kinds (throttling) are skipped.
func (r *records) parse(b []byte) error {
	for len(b) > 0 {
		if len(b) < headSize {
			return fmt.Errorf("%w: %d bytes at the end", ErrCorrupt, len(b))
		}
		kind, size := le.Uint32(b), int(le.Uint16(b[6:]))
		if size < headSize || size > len(b) || size%8 != 0 {
			return fmt.Errorf("%w: a record of %d bytes, %d are left", ErrCorrupt, size, len(b))
		}
		one := b[:size]
		b = b[size:]
		switch kind {
		case unix.PERF_RECORD_SAMPLE:
			s, err := parseSample(one)
			if err != nil {
				return err
			}
			r.samples = append(r.samples, s)
		case unix.PERF_RECORD_LOST:
			if size < lostSize {
				return fmt.Errorf("%w: a record of losses of %d bytes", ErrCorrupt, size)
			}
			r.lost += le.Uint64(one[16:])
		}
	}
	return nil
}

func parseSample(b []byte) (Sample, error) {
	if len(b) < sampleSize {
		return Sample{}, fmt.Errorf("%w: a sample of %d bytes", ErrCorrupt, len(b))
	}
	s := Sample{TID: int(int32(le.Uint32(b[12:]))), Time: le.Uint64(b[16:])}
	n := le.Uint64(b[24:])
	b = b[sampleSize:]
	if n > uint64(len(b)/8) {
		return Sample{}, fmt.Errorf("%w: %d addresses in %d bytes", ErrCorrupt, n, len(b))
	}
	inUser := false
	for i := range n {
		a := le.Uint64(b[8*i:])
		switch {
		case a >= marks:
			inUser = a == user
		case inUser && a != 0:
			s.Stack = append(s.Stack, a)
		}
	}
	return s, nil
}

// unwrap copies what lies between two positions, which only grow, out of a
// ring, whose size is a power of two. What claims to be more than the ring
// holds is an error.
func unwrap(ring []byte, tail, head uint64) ([]byte, error) {
	size := uint64(len(ring))
	if head-tail > size {
		return nil, fmt.Errorf("%w: %d bytes in a ring of %d", ErrCorrupt, head-tail, size)
	}
	out := make([]byte, head-tail)
	n := copy(out, ring[tail%size:])
	copy(out[n:], ring)
	return out, nil
}
