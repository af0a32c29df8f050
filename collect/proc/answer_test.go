package proc

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"
	"unsafe"
)

// TestWithin: what does not answer is left behind, and not asked again; others
// are, meanwhile, and their answers are their own.
func TestWithin(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	never := func() (int, error) { <-hang; return 7, nil }
	if n, err := Within(t.Name(), 20*time.Millisecond, never, nil); !errors.Is(err, ErrSilent) || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := Within(t.Name(), time.Hour, func() (int, error) { t.Error("asked again"); return 0, nil }, nil); !errors.Is(err, ErrSilent) {
		t.Error(err)
	}
	wrong := errors.New("wrong")
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for range 100 {
				if n, err := Within(i, time.Minute, func() (int, error) { return i, wrong }, nil); n != i || err != wrong { //nolint:errorlint // that very one
					t.Errorf("%d: %d, %v", i, n, err)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkReadMemory(b *testing.B) {
	var word [8]byte
	at := uint64(uintptr(unsafe.Pointer(&word)))
	var to [8]byte
	b.Run("direct", func(b *testing.B) {
		for range b.N {
			if err := ReadMemoryHere(os.Getpid(), at, to[:]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("left behind if silent", func(b *testing.B) {
		for range b.N {
			if _, err := Within(1, answerWithin, func() ([]byte, error) { own := make([]byte, 8); return own, ReadMemoryHere(os.Getpid(), at, own) }, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
