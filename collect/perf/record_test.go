package perf

import (
	"errors"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

// record is a record of a kind with a body.
func record(kind uint32, body ...uint64) []byte {
	b := le.AppendUint32(nil, kind)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, uint16(headSize+8*len(body)))
	for _, w := range body {
		b = le.AppendUint64(b, w)
	}
	return b
}

func sample(pid, tid, at uint64, stack ...uint64) []byte {
	return record(unix.PERF_RECORD_SAMPLE, append([]uint64{tid<<32 | pid, at, uint64(len(stack))}, stack...)...)
}

// cat is some bytes behind others, in an array of its own.
func cat(list ...[]byte) (all []byte) {
	for _, b := range list {
		all = append(all, b...)
	}
	return all
}

const kernel = ^uint64(0) - 127 // PERF_CONTEXT_KERNEL

func TestParse(t *testing.T) {
	b := cat(
		sample(7, 8, 100, user, 0x1000, 0x2000),
		record(unix.PERF_RECORD_THROTTLE, 1, 2, 3),
		record(unix.PERF_RECORD_LOST, 1, 5),
		sample(7, 9, 200, kernel, 0xffffffff81000000, user, 0x3000, 0),
		record(unix.PERF_RECORD_LOST, 1, 2),
		sample(7, 9, 300))
	var r records
	if err := r.parse(b); err != nil {
		t.Fatal(err)
	}
	want := []Sample{{TID: 8, Time: 100, Stack: []uint64{0x1000, 0x2000}}, {TID: 9, Time: 200, Stack: []uint64{0x3000}}, {TID: 9, Time: 300}}
	if !reflect.DeepEqual(r.samples, want) || r.lost != 7 {
		t.Errorf("%+v, %d lost", r.samples, r.lost)
	}
}

func TestParseCorrupt(t *testing.T) {
	for name, b := range map[string][]byte{
		"half a head":              {1, 2, 3, 4},
		"a size of 0":              make([]byte, 8),
		"a size that is no word's": cat([]byte{9, 0, 0, 0, 0, 0, 9, 0}, make([]byte, 8)),
		"longer than what is left": record(9, 1, 2, 3)[:24],
		"a sample without length":  record(unix.PERF_RECORD_SAMPLE, 1, 2),
		"a stack beyond its end":   record(unix.PERF_RECORD_SAMPLE, 1, 2, 3, user, 1),
		"a stack of 2^64":          record(unix.PERF_RECORD_SAMPLE, 1, 2, ^uint64(0), user),
		"losses without number":    record(unix.PERF_RECORD_LOST, 1),
	} {
		var r records
		if err := r.parse(b); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
	}
}

func TestUnwrap(t *testing.T) {
	ring := []byte("cdefghab") // "ab" was written first, at the end
	for _, c := range []struct {
		tail, head uint64
		want       string
	}{{6, 14, "abcdefgh"}, {6, 8, "ab"}, {8, 10, "cd"}, {5, 5, ""}, {^uint64(0) - 1, 2, "abcd"}} {
		if b, err := unwrap(ring, c.tail, c.head); err != nil || string(b) != c.want {
			t.Errorf("%d to %d: %q, %v, want %q", c.tail, c.head, b, err, c.want)
		}
	}
	for _, c := range [][2]uint64{{0, 9}, {8, 7}, {1, ^uint64(0)}} {
		if _, err := unwrap(ring, c[0], c[1]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d to %d: %v", c[0], c[1], err)
		}
	}
}

// FuzzParse: whatever the bytes are, it ends, and makes no more addresses than
// there are words.
func FuzzParse(f *testing.F) {
	f.Add(cat(sample(7, 8, 100, user, 0x1000), record(unix.PERF_RECORD_LOST, 1, 5)), uint64(0), uint64(8))
	f.Add(sample(7, 9, 200, kernel, 1, user, 0x3000), uint64(40), uint64(96))
	f.Add(record(unix.PERF_RECORD_SAMPLE, 1, 2, 1<<61, user), uint64(0), uint64(40))
	f.Fuzz(func(t *testing.T, b []byte, tail, head uint64) {
		var r records
		err := r.parse(b)
		words := 0
		for _, s := range r.samples {
			words += 4 + len(s.Stack)
		}
		if words > len(b)/8 {
			t.Errorf("%d words of %d bytes", words, len(b))
		}
		if err == nil && len(b)%8 != 0 {
			t.Errorf("%d bytes are taken for records", len(b))
		}
		if ring := make([]byte, 64); len(b) > 0 {
			copy(ring, b)
			if out, err := unwrap(ring, tail, head); err == nil && uint64(len(out)) != head-tail {
				t.Errorf("%d bytes from %d to %d", len(out), tail, head)
			}
		}
	})
}
