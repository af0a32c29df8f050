package proc

import (
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"time"
)

// ThreadStat is what a thread does and has used.
type ThreadStat struct {
	Name     string // comm, at most 15 bytes; not sanitised
	State    byte   // as in Stat
	CPU      time.Duration
	RunQueue time.Duration // that it was ready to run and another ran; 0 too where the kernel does not say
}

// ThreadStat reads a thread of a process.
func (f *FS) ThreadStat(pid, tid int) (ThreadStat, error) {
	dir := "task/" + pidName(tid)
	data, err := f.read(pid, dir+"/stat", maxFile)
	if err != nil {
		return ThreadStat{}, err
	}
	stat, err := parseStat(data)
	if err != nil {
		return ThreadStat{}, f.wrap("parse", pid, dir+"/stat", err)
	}
	t := ThreadStat{Name: stat.Name, State: stat.State, CPU: stat.User + stat.System}
	if data, err = f.read(pid, dir+"/schedstat", maxFile); err == nil {
		if t.CPU, t.RunQueue, err = parseSchedstat(data); err != nil {
			return ThreadStat{}, f.wrap("parse", pid, dir+"/schedstat", err)
		}
	}
	return t, nil
}

// parseSchedstat parses "CPU QUEUE SLICES": nanoseconds on a CPU, nanoseconds
// waited for one, how often it ran.
func parseSchedstat(data []byte) (cpu, queue time.Duration, err error) {
	fields := bytes.Fields(data)
	if len(fields) < 2 {
		return 0, 0, fmt.Errorf("%d fields in %q", len(fields), head(data))
	}
	var times [2]time.Duration
	for i := range times {
		ns, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, 0, err
		}
		times[i] = time.Duration(ns)
	}
	return times[0], times[1], nil
}

// TIDs lists a process's threads, ascending.
func (f *FS) TIDs(pid int) ([]int, error) {
	entries, err := readDir(f, pid, "task")
	if err != nil {
		return nil, err
	}
	return numbers(entries), nil
}

// InnerTIDs numbers a process's threads as its own PID namespace does: from
// those TIDs to ours. nil: they are the same.
func (f *FS) InnerTIDs(pid int) (map[int]int, error) {
	status, err := f.Status(pid)
	if err != nil || len(status.NSpid) < 2 {
		return nil, err
	}
	tids, err := f.TIDs(pid)
	if err != nil {
		return nil, err
	}
	inner := make(map[int]int, len(tids))
	for _, tid := range tids {
		data, err := f.read(pid, "task/"+pidName(tid)+"/status", maxFile)
		if err != nil {
			continue // it has ended
		}
		if status, err := parseStatus(data); err == nil {
			inner[status.OwnPID()] = tid
		}
	}
	return inner, nil
}

func readDir(f *FS, pid int, name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.fsys, pidName(pid)+"/"+name)
	if err != nil {
		return nil, f.wrap("list", pid, name, err)
	}
	return entries, nil
}
