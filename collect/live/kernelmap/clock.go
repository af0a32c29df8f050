package kernelmap

import "golang.org/x/sys/unix"

// Now is the clock of bpf_ktime_get_ns, in nanoseconds.
func Now() uint64 {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return 0
	}
	return uint64(now.Nano())
}

// Less is a-b, and 0 when b was read later and is larger.
func Less(a, b uint64) uint64 {
	if b > a {
		return 0
	}
	return a - b
}
