package proc

import (
	"bytes"
	"strconv"
)

// Syscall is the system call that a thread sleeps in, and its first argument.
// ok is false when it runs, or sleeps elsewhere in the kernel. Needs what
// ptrace(2) needs to read.
func (f *FS) Syscall(pid, tid int) (number int, argument uint64, ok bool, err error) {
	data, err := f.read(pid, "task/"+pidName(tid)+"/syscall", maxFile)
	if err != nil {
		return 0, 0, false, err
	}
	number, argument, ok = parseSyscall(data)
	return number, argument, ok, nil
}

// parseSyscall parses "202 0x7f… …"; a thread that runs says "running", one
// that sleeps outside of a system call has number -1.
func parseSyscall(data []byte) (number int, argument uint64, ok bool) {
	fields := bytes.Fields(data)
	if len(fields) < 2 {
		return 0, 0, false
	}
	number, err := strconv.Atoi(string(fields[0]))
	if err != nil || number < 0 {
		return 0, 0, false
	}
	argument, err = strconv.ParseUint(string(bytes.TrimPrefix(fields[1], []byte("0x"))), 16, 64)
	return number, argument, err == nil
}

// SleepsAt is the address of the instruction that a thread runs next when it
// wakes from the system call, or the fault, that it sleeps in. ok is false
// when it runs. Needs what Syscall needs.
func (f *FS) SleepsAt(pid, tid int) (address uint64, ok bool, err error) {
	data, err := f.read(pid, "task/"+pidName(tid)+"/syscall", maxFile)
	if err != nil {
		return 0, false, err
	}
	address, ok = parseSleepsAt(data)
	return address, ok, nil
}

// parseSleepsAt parses "202 0x7f… … SP PC", or "-1 SP PC" outside of a system call.
func parseSleepsAt(data []byte) (uint64, bool) {
	fields := bytes.Fields(data)
	if len(fields) != 9 && len(fields) != 3 {
		return 0, false
	}
	pc, err := strconv.ParseUint(string(bytes.TrimPrefix(fields[len(fields)-1], []byte("0x"))), 16, 64)
	return pc, err == nil && pc != 0
}
