package elf

import (
	"fmt"
	"runtime"
	"sync/atomic"
)

// maxKept bounds what all open files keep in memory together. A CPython that is
// looked through takes some 10 MiB until Release.
const maxKept = 1 << 30

// muchAtOnce is from how many bytes on memory is taken back at once. No CPython
// that is not linked into a larger program has so many.
const muchAtOnce = 64 << 20

// kept is how many bytes that is now. A number alone, so that a file whose read
// never returns keeps nobody else waiting.
var kept atomic.Uint64

// account is what one file keeps.
type account struct{ held atomic.Uint64 }

// open begins a file's account. A file that is forgotten gives back what it held.
func open(f *File) *account {
	a := &account{}
	runtime.AddCleanup(f, func(a *account) { a.give(a.held.Load()) }, a)
	return a
}

// take asks for n bytes.
func (a *account) take(n uint64) error {
	if n > maxLoaded || a.held.Load() > maxLoaded-n {
		return fmt.Errorf("%w: more than %d MiB of it are needed at once", ErrLarge, maxLoaded>>20)
	}
	for {
		now := kept.Load()
		if now > maxKept-n {
			return fmt.Errorf("%w: %d MiB, and %d more would be above the bound of %d", ErrFull, now>>20, n>>20, maxKept>>20)
		}
		if kept.CompareAndSwap(now, now+n) {
			a.held.Add(n)
			return nil
		}
	}
}

// give gives back n bytes.
func (a *account) give(n uint64) {
	a.held.Add(-n)
	kept.Add(-n)
}

// Kept is how many bytes all open files keep in memory.
func Kept() uint64 { return kept.Load() }

// Release drops what was read of the file: it is read again when it is asked
// for. Whoever is done with looking for something calls it, and keeps the file
// open. Bytes handed out stay valid.
func (f *File) Release() {
	f.loaded = make([][]byte, len(f.segments))
	f.dynamic, f.relocs = dynamic{}, relocations{}
	f.unwind = unwind{at: f.unwind.at}
	if f.seal != nil {
		f.seal.last = nil
	}
	held := f.account.held.Load()
	f.account.give(held)
	if held > muchAtOnce {
		runtime.GC() // which would else let as much again pile up first
	}
}
