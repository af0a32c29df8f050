package launch

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// syscallStop is struct ptrace_syscall_info of linux/ptrace.h (Linux 5.3), up
// to an entry's arguments: the same on every architecture.
type syscallStop struct {
	op      uint8 // PTRACE_SYSCALL_INFO_ENTRY, …_EXIT, or 0: not at a system call
	_       [3]uint8
	arch    uint32
	pointer uint64 // instruction
	stack   uint64
	// At an entry the number and the arguments; at an exit the result, as a
	// number, and whether (in the lowest byte) it is an error.
	values [7]uint64
}

func (s *syscallStop) entry() bool { return s.op == unix.PTRACE_SYSCALL_INFO_ENTRY }
func (s *syscallStop) exit() bool  { return s.op == unix.PTRACE_SYSCALL_INFO_EXIT }

// mapsCode tells whether a system call, at its entry, maps a file's code.
func (s *syscallStop) mapsCode() bool {
	const protection, flags = 1 + 2, 1 + 3 // mmap(address, length, protection, flags, …)
	return s.entry() && s.values[0] == unix.SYS_MMAP && s.values[protection]&unix.PROT_EXEC != 0 &&
		s.values[flags]&unix.MAP_ANONYMOUS == 0
}

// readSyscall asks at which system call a stopped thread is.
func readSyscall(tid int) (syscallStop, error) {
	var stop syscallStop
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid),
		unsafe.Sizeof(stop), uintptr(unsafe.Pointer(&stop)), 0, 0)
	if errno != 0 {
		return stop, errno
	}
	return stop, nil
}

// seize begins to trace a process, in the way of ptrace(2) in which it can
// stay stopped by a signal, and in which new threads and processes of it need
// no signal to report. It is this thread of ours that the kernel then asks
// whether a set-user-ID program may have its rights.
func seize(pid int, options uintptr) error { return request(unix.PTRACE_SEIZE, pid, options) }

// listen leaves a thread stopped that a signal has stopped, until SIGCONT.
func listen(tid int) error { return request(unix.PTRACE_LISTEN, tid, 0) }

// detach lets a stopped thread go, with a signal that it was about to get, or 0.
func detach(tid int, signal unix.Signal) error {
	return request(unix.PTRACE_DETACH, tid, uintptr(signal))
}

func request(what, tid int, data uintptr) error {
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(what), uintptr(tid), 0, data, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// event is the PTRACE_EVENT_… that a stop reports; 0: none.
func event(status unix.WaitStatus) int { return int(status) >> 16 }
