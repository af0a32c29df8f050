package elf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func fingerprint(t *testing.T, b []byte) Fingerprint {
	t.Helper()
	f, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFingerprint: each mapped byte counts, and each header that is read.
func TestFingerprint(t *testing.T) {
	good := testdata(t, "rela.so")
	want := fingerprint(t, good)
	if fingerprint(t, bytes.Clone(good)) != want {
		t.Error("not the same for the same file")
	}
	f, _ := parse(good)
	for _, s := range f.segments {
		for at := s.Offset; at < s.Offset+s.Size; at += 61 {
			b := bytes.Clone(good)
			b[at] ^= 1
			if one, err := parse(b); err == nil { // else it is no file that could be taken for this one
				if p, err := one.Fingerprint(); err == nil && p == want {
					t.Fatalf("the byte at %#x makes no difference", at)
				}
			}
		}
	}
	if fingerprint(t, append(bytes.Clone(good), 0)) == want {
		t.Error("a longer file has the same")
	}
	if fingerprint(t, withoutSections(good)) == want {
		t.Error("a file without sections has the same")
	}
}

// changing is a file that its owner writes to while it is read.
type changing struct{ b []byte }

func (c *changing) ReadAt(b []byte, at int64) (int, error) {
	return bytes.NewReader(c.b).ReadAt(b, at)
}

// TestChanged: what was hashed is what is read, or an error.
func TestChanged(t *testing.T) {
	good := testdata(t, "rela.so")
	c := &changing{bytes.Clone(good)}
	f, err := New(c, int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Bytes(0); err != nil { // of before the hash: dropped
		t.Fatal(err)
	}
	want, err := f.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	first, _ := f.Symbol("first")
	before, err := f.Read(first.Address, 16)
	if err != nil {
		t.Fatal(err)
	}
	f.Release()
	at, _ := f.Offset(first.Address)
	c.b[at] ^= 0xff
	for i, s := range f.segments {
		if _, err := f.Bytes(i); s.holds(first.Address, 1) && !errors.Is(err, ErrChanged) {
			t.Errorf("segment %d: %v", i, err)
		}
	}
	if _, err := f.Read(first.Address, 16); !errors.Is(err, ErrChanged) {
		t.Errorf("some bytes of it: %v", err)
	}
	c.b[at] ^= 0xff
	if b, err := f.Read(first.Address, 16); err != nil || !bytes.Equal(b, before) {
		t.Errorf("changed back: %x, %v", b, err)
	}
	f.Release()
	c.b = c.b[:len(c.b)/3]
	if _, err := f.Read(f.segments[len(f.segments)-1].Address, 8); !errors.Is(err, ErrChanged) {
		t.Errorf("cut short: %v", err)
	}
	if again, err := f.Fingerprint(); again != want || err != nil {
		t.Errorf("the fingerprint is %x, %v, no longer %x", again, err, want)
	}
	short, err := New(&changing{good[:len(good)-1]}, int64(len(good)))
	if err == nil {
		_, err = short.ReadFile(uint64(len(good))-8, 8)
	}
	if !errors.Is(err, ErrChanged) {
		t.Errorf("a file that ends early: %v", err)
	}
}

// TestOpenWaitsForNothing: a pipe is no file, and opening it does not wait.
func TestOpenWaitsForNothing(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := Open(pipe)
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, ErrNotELF) {
			t.Errorf("a pipe: %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("opening a pipe waits")
	}
	if _, err := Open("/dev/zero"); !errors.Is(err, ErrNotELF) {
		t.Errorf("a device: %v", err)
	}
}

// stretched writes a file that is mapped with so many MiB that are not on disk:
// one header that says nothing of importance becomes a segment of holes.
func stretched(t testing.TB, good []byte, mib int64) string {
	t.Helper()
	b := bytes.Clone(good)
	from := (int64(len(b)) + 4095) &^ 4095
	for at := le.Uint64(b[32:]); ; at += programSize {
		if le.Uint32(b[at:]) == 0x6474e551 { // PT_GNU_STACK
			segment := []uint64{1 | 5<<32, uint64(from), 0x70000000, 0x70000000, uint64(mib) << 20, uint64(mib) << 20, 4096}
			if _, err := binary.Encode(b[at:], le, segment); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	path := filepath.Join(t.TempDir(), "sparse.so")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, from+mib<<20); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSparse: nothing is read, or allocated, for what is not on disk.
func TestSparse(t *testing.T) {
	for _, mib := range []int64{100, 700} {
		f, err := Open(stretched(t, testdata(t, "rela.so"), mib))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Fingerprint(); !errors.Is(err, ErrSparse) {
			t.Errorf("%d MiB, fingerprint: %v", mib, err)
		}
		if _, err := f.Bytes(len(f.segments) - 1); !errors.Is(err, ErrSparse) {
			t.Errorf("%d MiB, bytes: %v", mib, err)
		}
		if _, err := f.Find("cpython-", 3); !errors.Is(err, ErrSparse) {
			t.Errorf("%d MiB, find: %v", mib, err)
		}
		if _, ok := f.Symbol("first"); !ok { // names for people stay
			t.Errorf("%d MiB: no symbol", mib)
		}
	}
}

// TestSparseTables: neither is a table of names that is holes.
func TestSparseTables(t *testing.T) {
	good := testdata(t, "rela.so")
	f, err := parse(good)
	if err != nil {
		t.Fatal(err)
	}
	for b := good[f.dynamicAt:]; le.Uint64(b) != 0; b = b[16:] {
		switch elf.DynTag(le.Uint64(b)) {
		case elf.DT_STRTAB:
			le.PutUint64(b[8:], 0x70000000) // what stretched adds
		case elf.DT_STRSZ:
			le.PutUint64(b[8:], 50<<20)
		}
	}
	if f, err = Open(stretched(t, good, 60)); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Check(); !errors.Is(err, ErrSparse) {
		t.Errorf("50 MiB of names: %v", err)
	}
}
