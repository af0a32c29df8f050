package proc

import (
	"os"

	"golang.org/x/sys/unix"
)

// JobControl tells whether this process can be stopped from the keyboard and
// woken again: whether a shell of its session, outside of its process group, is
// among its ancestors. The kernel drops the signal otherwise (the group is
// orphaned, POSIX says), as for what "docker exec -t" or "ssh -t" starts.
func (f *FS) JobControl() bool {
	session, err := unix.Getsid(0)
	if err != nil {
		return false
	}
	group := unix.Getpgrp()
	for pid := os.Getppid(); pid > 0; {
		if s, err := unix.Getsid(pid); err != nil || s != session {
			return false
		}
		if g, err := unix.Getpgid(pid); err != nil || g != group {
			return err == nil
		}
		stat, err := f.Stat(pid)
		if err != nil {
			return false
		}
		pid = stat.Parent
	}
	return false
}
