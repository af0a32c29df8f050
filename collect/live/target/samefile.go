package target

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"pytop/collect/live/attach"
	"pytop/collect/live/inspect"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// ErrNotReached: attaching succeeded, and the process has no breakpoint.
var ErrNotReached = errors.New("the probes do not reach it: its file was written to or copied up in an overlay file system since it started")

// ErrNotCode says that what the sites held were no code objects: the build is
// not understood, whatever the proof of its sites said.
var ErrNotCode = errors.New("what its probes found were no code objects")

// sameFile tells whether a located file is the one of a build under another
// number: each overlay file system numbers the files of its layers anew, and
// the kernel puts probes into the layer's file. Two containers of one image
// would so have every probe twice, and count every call twice.
//
// It is tried: the file is mapped, unread, and pytop attaches to the build's
// file, for its own process alone. Where that changes what is mapped the two
// are one. Nothing runs there.
func (b *Build) sameFile(l *inspect.Located) (same bool, err error) {
	symbol, ok := l.ELF.Symbol("_PyEval_EvalFrameDefault") // the bytes are those of the build, and there is no site of its plan
	offset, found := l.ELF.Offset(symbol.Address)
	l.ELF.Release()
	if !ok || !found {
		return false, nil
	}
	page := uint64(os.Getpagesize())
	code, err := unix.Mmap(int(l.File.Fd()), int64(offset&^(page-1)), int(page), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
	if err != nil {
		return false, fmt.Errorf("compare %s with what is attached to: %w", b.Name, err)
	}
	defer func() { err = errors.Join(err, unix.Munmap(code)) }()
	// Its owner may cut it short meanwhile: then reading it is an error here, and not a signal.
	at := uint64(uintptr(unsafe.Pointer(&code[offset%page])))
	var was, now [1]byte
	if err := proc.ReadMemory(os.Getpid(), at, was[:]); err != nil {
		return false, fmt.Errorf("compare %s with what is attached to: %w", b.Name, err)
	}
	a, err := new(attach.Owner).Open(b.Path(), b.Name, b.Multi, os.Getpid())
	if err != nil {
		return false, err
	}
	a.Cookie = func(site.Site) uint64 { return 0 }
	links, err := a.Put(attach.Probes{Program: b.Harmless, Sites: []site.Site{{Offset: offset}}})
	if err != nil {
		return false, err
	}
	err = proc.ReadMemory(os.Getpid(), at, now[:])
	return now != was, errors.Join(err, attach.Close(links))
}

// Reached checks that a process has breakpoints at its sites. Its file may have
// been copied up, or written to: then it is another than what the process still
// maps, under the same name and number. Or the process runs a copy of its code.
func (p *Process) Reached() error {
	if p.CodeType == 0 {
		return nil
	}
	for i, one := range p.Build.Plan.Calls { // a test may leave out all of them
		now, at := make([]byte, len(one.Bytes)), p.CodeType-p.Build.Python.CodeType+one.Address
		err := proc.ReadMemory(p.Info.PID, at, now)
		if err != nil || !bytes.Equal(now, one.Bytes) {
			continue // also where it has ended meanwhile, or may not be read: nothing says that it failed
		}
		if maps, err := proc.System().Maps(p.Info.PID); err == nil && inspect.Anonymous(maps, at) {
			return fmt.Errorf("process %d: %w", p.Info.PID, inspect.ErrMoved)
		}
		if i == 0 {
			return fmt.Errorf("process %d: %w", p.Info.PID, ErrNotReached)
		}
	}
	return nil
}
