package proc

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ReadMemory fills buf from a process's memory at an address; it never
// writes. Fewer bytes than asked for are an error, after which buf's content
// says nothing. Needs what ptrace(2) needs to read: the same user, or
// CAP_SYS_PTRACE (errors.Is(err, fs.ErrPermission)). Memory that never answers is
// ErrSilent.
func ReadMemory(pid int, address uint64, buf []byte) error {
	if pid == os.Getpid() || len(buf) == 0 {
		return ReadMemoryHere(pid, address, buf)
	}
	read, err := Within(pid, answerWithin, func() ([]byte, error) {
		own := make([]byte, len(buf)) // the caller's is its own again when this is left behind
		return own, ReadMemoryHere(pid, address, own)
	}, nil)
	if err != nil {
		if errors.Is(err, ErrSilent) {
			err = fmt.Errorf("read memory of process %d at %#x: %w", pid, address, err)
		}
		return err
	}
	copy(buf, read)
	return nil
}

// ReadMemoryHere is ReadMemory in the caller's own thread: it matters to who is
// bound to a CPU. Memory that never answers is waited for.
func ReadMemoryHere(pid int, address uint64, buf []byte) error {
	if len(buf) == 0 {
		return nil
	}
	if address > math.MaxUint64-uint64(len(buf)) {
		return fmt.Errorf("read memory of process %d at %#x: %w", pid, address, unix.EFAULT)
	}
	local := []unix.Iovec{{Base: &buf[0]}}
	local[0].SetLen(len(buf))
	remote := []unix.RemoteIovec{{Base: uintptr(address), Len: len(buf)}}
	n, err := unix.ProcessVMReadv(pid, local, remote, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		err = ErrNoProcess
	case err == nil && n < len(buf):
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("read %d bytes of memory of process %d at %#x: %w", len(buf), pid, address, err)
	}
	return nil
}

// address is where some memory lies.
func address(memory []byte) uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
}
