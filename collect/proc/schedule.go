package proc

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Slices is how often a thread was given a CPU since it began. A thread that is
// off its CPU does not run before the number is another. It is an error where
// the kernel does not count it (CONFIG_SCHED_INFO).
func (f *FS) Slices(pid, tid int) (uint64, error) {
	file := "task/" + pidName(tid) + "/schedstat"
	data, err := f.read(pid, file, maxFile)
	if err != nil {
		return 0, err
	}
	n, err := parseSlices(data)
	if err != nil {
		return 0, f.wrap("parse", pid, file, err)
	}
	return n, nil
}

// parseSlices parses "CPU QUEUE SLICES". A thread that exists was given a CPU:
// a kernel that does not count says "0 0 0".
func parseSlices(data []byte) (uint64, error) {
	fields := bytes.Fields(data)
	if len(fields) < 3 {
		return 0, fmt.Errorf("%d fields in %q", len(fields), head(data))
	}
	n, err := strconv.ParseUint(string(fields[2]), 10, 64)
	if err == nil && n == 0 {
		return 0, fmt.Errorf("not counted: %q", head(data))
	}
	return n, err
}

// CPU is where a thread runs, or waits to run, or ran last.
func (f *FS) CPU(pid, tid int) (int, error) {
	file := "task/" + pidName(tid) + "/stat"
	data, err := f.read(pid, file, maxFile)
	if err != nil {
		return 0, err
	}
	cpu, err := parseCPU(data)
	if err != nil {
		return 0, f.wrap("parse", pid, file, err)
	}
	return cpu, nil
}

// parseCPU parses field 39 of proc(5), /proc/pid/stat.
func parseCPU(data []byte) (int, error) {
	rest := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	const field = 39 - 3 // rest begins with field 3
	if len(rest) <= field {
		return 0, fmt.Errorf("%d fields after the name, not %d: %q", len(rest), field+1, head(data))
	}
	return strconv.Atoi(string(rest[field]))
}

// OnCPU calls do while the caller can run on one CPU only. It is an error, and
// do is not called, where it may not run there.
func OnCPU(cpu int, do func()) error {
	runtime.LockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("ask for the CPUs of this thread: %w", err)
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("go to CPU %d: %w", cpu, err)
	}
	do()
	if unix.SchedSetaffinity(0, &before) == nil {
		runtime.UnlockOSThread()
	} // else it stays this goroutine's thread, and ends with it: no other work is to be bound to one CPU
	return nil
}
