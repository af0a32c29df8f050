package proc

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// CPUTime is the user and system time that a process has used since it
// started, all its threads together, to the nanosecond.
func CPUTime(pid int) (time.Duration, error) {
	// A process's CPU clock: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of
	// include/linux/posix-timers.h; clock_getcpuclockid(3) gives the same.
	const sched = 2
	var spent unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|sched), &spent)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ESRCH) {
		err = ErrNoProcess
	}
	if err != nil {
		return 0, fmt.Errorf("read the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(spent.Nano()), nil
}

// Usage is what pytop itself has taken: the user and system time since it
// started, and its resident memory in bytes.
func (f *FS) Usage() (cpu time.Duration, memory uint64, err error) {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0, 0, fmt.Errorf("read our own use of CPU time: %w", err)
	}
	data, err := f.read(0, "statm", maxFile)
	if err != nil {
		return 0, 0, err
	}
	var size, resident uint64
	if _, err := fmt.Sscan(string(data), &size, &resident); err != nil {
		return 0, 0, f.wrap("parse", 0, "statm", err)
	}
	cpu = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	return cpu, resident * uint64(os.Getpagesize()), nil
}

// Hostname is the machine's name, or "?" when it has none.
func Hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "?"
	}
	return name
}
