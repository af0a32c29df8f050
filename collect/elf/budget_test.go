package elf

import (
	"errors"
	"io"
	"runtime"
	"testing"
	"time"
)

// zeros is a file that was never written. It does not touch what it is read to.
type zeros struct{}

func (zeros) ReadAt(b []byte, _ int64) (int, error) { return len(b), nil }

// large is a file with one segment of so many bytes, which are not there.
func large(size uint64) *File {
	f := &File{in: zeros{}, size: size, onDisk: size, segments: []Segment{{Size: size, Executable: true}}, loaded: make([][]byte, 1)}
	f.account = open(f)
	return f
}

// TestBudget: all open files together are bounded, and what is released or
// closed is there for others.
func TestBudget(t *testing.T) {
	runtime.GC()
	before := Kept()
	one, two := large(400<<20), large(400<<20)
	for _, f := range []*File{one, two} {
		if _, err := f.Bytes(0); err != nil {
			t.Fatal(err)
		}
	}
	if got := Kept() - before; got != 800<<20 {
		t.Errorf("%d bytes kept", got)
	}
	three := large(400 << 20)
	if _, err := three.Bytes(0); !errors.Is(err, ErrFull) {
		t.Errorf("the third: %v", err)
	}
	one.Release()
	if _, err := three.Bytes(0); err != nil {
		t.Errorf("the third, when there is room: %v", err)
	}
	if _, err := one.Bytes(0); !errors.Is(err, ErrFull) {
		t.Errorf("the first, again: %v", err)
	}
	for _, f := range []*File{one, two, three} {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := Kept(); got != before {
		t.Errorf("%d bytes kept when all are closed, before it were %d", got, before)
	}
}

// TestBudgetOfOne bounds one file.
func TestBudgetOfOne(t *testing.T) {
	if _, err := large(600 << 20).Bytes(0); !errors.Is(err, ErrLarge) {
		t.Errorf("600 MiB: %v", err)
	}
	f := large(100)
	if err := f.account.take(maxLoaded); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Bytes(0); !errors.Is(err, ErrLarge) {
		t.Errorf("100 bytes more than there may be: %v", err)
	}
}

// TestBudgetOfForgotten: a file that nobody closes gives back what it held when
// it is collected.
func TestBudgetOfForgotten(t *testing.T) {
	runtime.GC()
	before := Kept()
	func() {
		if _, err := large(64 << 20).Bytes(0); err != nil {
			t.Fatal(err)
		}
	}()
	for range 100 {
		if runtime.GC(); Kept() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d bytes kept, before it were %d", Kept(), before)
}

// hangs is a file that never answers, until it is let go.
type hangs struct{ until chan struct{} }

func (h hangs) ReadAt([]byte, int64) (int, error) { <-h.until; return 0, io.ErrClosedPipe }

// TestAbandoned: while one file never answers, all others work, and it can be
// left behind.
func TestAbandoned(t *testing.T) {
	until, done := make(chan struct{}), make(chan error, 1)
	go func() {
		f := large(4096)
		f.in = hangs{until}
		_, err := f.Fingerprint()
		done <- errors.Join(err, f.Close())
	}()
	f, err := parse(testdata(t, "rela.so"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Fingerprint(); err != nil {
		t.Error(err)
	}
	if _, err := f.Bytes(0); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	close(until)
	if err := <-done; !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// TestRelease: what was dropped is read again.
func TestRelease(t *testing.T) {
	f, err := parse(testdata(t, "relr.so"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		pointers, ok := f.Symbol("pointers")
		if p, is := f.Pointer(pointers.Address); !ok || !is || !f.Executable(p) && p == 0 {
			t.Fatalf("pointers: %+v, %#x", pointers, p)
		}
		first, _ := f.Symbol("first")
		if got, ok := f.Exported(first.Address + first.Size - 1); !ok || got != first {
			t.Errorf("first: %+v, %v", got, ok)
		}
		if f.account.held.Load() == 0 {
			t.Error("nothing is kept")
		}
		f.Release()
		if n := f.account.held.Load(); n != 0 || f.dynamic.symbols != nil || f.relocs.values != nil {
			t.Errorf("%d bytes are kept", n)
		}
	}
}
