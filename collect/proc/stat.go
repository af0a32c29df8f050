package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// ticksPerSecond is USER_HZ, the unit of times in /proc/PID/stat: 100 on
// every architecture that Go runs on.
const ticksPerSecond = 100

// flagKernelThread is PF_KTHREAD in the flags of /proc/PID/stat.
const flagKernelThread = 0x00200000

// Stat is what /proc/PID/stat says about a process.
type Stat struct {
	PID        int
	Name       string // comm, at most 15 bytes; may hold anything, not sanitised
	State      byte   // 'R', 'S', 'D', 'T' stopped, 't' traced, 'Z' zombie, 'X' dead, 'I' idle
	Parent     int    // PPID; 0 when it lies outside the PID namespace
	Kernel     bool   // a thread of the kernel: has no program
	Threads    int
	StartTicks uint64        // since boot, 1/100 s: tells a process from a later one with its PID
	Start      time.Time     // the same, on the wall clock; to 10 ms
	User       time.Duration // CPU time; to 10 ms
	System     time.Duration
	Memory     uint64 // resident bytes; approximate, as the kernel keeps it
}

// Ended tells whether the process has ended and only waits to be reaped. Where
// its first thread has and others have not, it has not.
func (s Stat) Ended() bool {
	return s.Threads <= 1 && (s.State == 'Z' || s.State == 'X' || s.State == 'x')
}

// Stopped tells whether a signal or a debugger has stopped it.
func (s Stat) Stopped() bool { return s.State == 'T' || s.Traced() }

// Traced tells whether a debugger has stopped it.
func (s Stat) Traced() bool { return s.State == 't' }

// Stat reads what a process is and does. For pytop itself pid is 0.
func (f *FS) Stat(pid int) (Stat, error) {
	data, err := f.read(pid, "stat", maxFile)
	if err != nil {
		return Stat{}, err
	}
	stat, err := parseStat(data)
	if err != nil {
		return Stat{}, f.wrap("parse", pid, "stat", err)
	}
	stat.Start = f.boot.Add(ticks(stat.StartTicks))
	return stat, nil
}

// StartTime is the time on the wall clock of a number of 1/100 s since boot.
func (f *FS) StartTime(ticksSinceBoot uint64) time.Time { return f.boot.Add(ticks(ticksSinceBoot)) }

// parseStat parses one line of proc(5), /proc/pid/stat. The name is in
// parentheses and may itself hold any: it ends at the last one.
func parseStat(data []byte) (Stat, error) {
	open, shut := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 1 || shut < open {
		return Stat{}, fmt.Errorf("no name in %q", head(data))
	}
	rest := bytes.Fields(data[shut+1:])
	if len(rest) < 22 {
		return Stat{}, fmt.Errorf("%d fields after the name, not 22: %q", len(rest), head(data))
	}
	stat := Stat{Name: string(data[open+1 : shut]), State: rest[0][0]}
	var flags, user, system, pages uint64
	// Numbers are those of proc(5); rest begins with its field 3.
	for _, field := range []struct {
		number int
		into   any
	}{
		{4, &stat.Parent},
		{9, &flags},
		{14, &user},
		{15, &system},
		{20, &stat.Threads},
		{22, &stat.StartTicks},
		{24, &pages},
	} {
		if err := parseNumber(rest[field.number-3], field.into); err != nil {
			return Stat{}, fmt.Errorf("field %d: %w", field.number, err)
		}
	}
	if err := parseNumber(bytes.TrimSpace(data[:open]), &stat.PID); err != nil {
		return Stat{}, fmt.Errorf("field 1: %w", err)
	}
	stat.Kernel = flags&flagKernelThread != 0
	stat.User, stat.System = ticks(user), ticks(system)
	stat.Memory = pages * uint64(os.Getpagesize())
	return stat, nil
}

// parseNumber parses decimal text into an *int or *uint64.
func parseNumber(text []byte, into any) (err error) {
	switch into := into.(type) {
	case *int:
		*into, err = strconv.Atoi(string(text))
	case *uint64:
		*into, err = strconv.ParseUint(string(text), 10, 64)
	}
	return err
}

// ticks turns a time in 1/100 s into a duration.
func ticks(n uint64) time.Duration {
	return time.Duration(n) * (time.Second / ticksPerSecond)
}

// head is the beginning of some text, for messages.
func head(data []byte) []byte {
	return data[:min(len(data), 40)]
}
