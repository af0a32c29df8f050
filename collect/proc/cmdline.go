package proc

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
)

// maxCmdline is how much of a command line is kept, in bytes; the kernel
// allows megabytes, and nobody reads them.
const maxCmdline = 64 << 10

// Cmdline reads a process's arguments, cut after 64 KiB. They are as the
// process wrote them, and not sanitised. None: it is a kernel thread, a
// zombie, or has overwritten them. They lie in its memory: see ReadMemory.
func (f *FS) Cmdline(pid int) ([]string, error) {
	return Within(pid, answerWithin, func() ([]string, error) { return f.cmdline(pid) }, nil)
}

func (f *FS) cmdline(pid int) ([]string, error) {
	file, err := f.fsys.Open(pidName(pid) + "/cmdline")
	if err != nil {
		return nil, f.wrap("read", pid, "cmdline", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxCmdline))
	if err != nil {
		return nil, f.wrap("read", pid, "cmdline", err)
	}
	// What setproctitle overwrites ends in any number of zeros.
	data = bytes.TrimRight(data, "\x00")
	if len(data) == 0 {
		return nil, nil
	}
	return strings.Split(string(data), "\x00"), nil
}

// Command is the arguments joined by spaces, or the name in brackets, as in
// ps, when there are none. Not sanitised.
func (f *FS) Command(pid int) (string, error) {
	args, err := f.Cmdline(pid)
	if err != nil {
		return "", err
	}
	if len(args) > 0 {
		return strings.Join(args, " "), nil
	}
	stat, err := f.Stat(pid)
	if err != nil {
		return "", err
	}
	return "[" + stat.Name + "]", nil
}

// Executable is the path of the program that a process runs, as /proc shows
// it: with " (deleted)" behind it when that file is gone. A kernel thread has
// none, which is ErrNoProcess too.
func (f *FS) Executable(pid int) (string, error) {
	target, err := fs.ReadLink(f.fsys, pidName(pid)+"/exe")
	if err != nil {
		return "", f.wrap("read link", pid, "exe", err)
	}
	return target, nil
}

// ThreadName is a thread's comm, at most 15 bytes; not sanitised.
func (f *FS) ThreadName(pid, tid int) (string, error) {
	data, err := f.read(pid, "task/"+pidName(tid)+"/comm", maxFile)
	return strings.TrimSuffix(string(data), "\n"), err
}
