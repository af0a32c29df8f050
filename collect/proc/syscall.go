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
