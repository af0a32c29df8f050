package proc

import (
	"errors"
	"fmt"
	"io"
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ReadMemory fills buf from a process's memory at an address; it never
// writes. Fewer bytes than asked for are an error, after which buf's content
// says nothing. Needs what ptrace(2) needs to read: the same user, or
// CAP_SYS_PTRACE (errors.Is(err, fs.ErrPermission)).
func ReadMemory(pid int, address uint64, buf []byte) error {
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
