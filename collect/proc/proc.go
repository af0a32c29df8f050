// Package proc reads facts about processes: from /proc, and from the system
// calls that belong to it. It never stops, signals or writes to a process.
package proc

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoProcess says that there is no such process or thread, or that it has
// ended. With hidepid=2 other users' processes look the same.
var ErrNoProcess = errors.New("no such process")

// ErrTooLarge says that a file of /proc holds more than pytop is ready to read.
var ErrTooLarge = errors.New("too large")

// maxFile bounds the small files (stat, status, comm): none comes near it.
const maxFile = 64 << 10

// FS is a proc file system. What only needs its text goes through an fs.FS,
// so that tests can make one up; what needs paths or system calls is for the
// machine's own.
type FS struct {
	fsys fs.FS
	root string
	boot time.Time
}

// New returns the proc file system that fsys holds and that is found at root
// ("/proc") by who opens its paths. boot is the time at which the machine
// started: from it, start times are computed. No I/O.
func New(fsys fs.FS, root string, boot time.Time) *FS {
	return &FS{fsys: fsys, root: root, boot: boot}
}

// System is the machine's own /proc. The time of boot is taken once, so a
// process's start time is the same whenever it is read.
var System = sync.OnceValue(func() *FS {
	return New(os.DirFS("/proc"), "/proc", bootTime())
})

// bootTime is the wall clock less the time since boot (with suspensions, as
// the start times in /proc/PID/stat).
func bootTime() time.Time {
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil {
		return time.Time{}
	}
	return time.Now().Round(0).Add(-time.Duration(up.Nano()))
}

// Processes lists the PIDs of all processes (not threads), ascending.
func (f *FS) Processes() ([]int, error) {
	entries, err := fs.ReadDir(f.fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", f.root, err)
	}
	return numbers(entries), nil
}

// numbers returns the entries whose names are positive numbers, ascending.
func numbers(entries []fs.DirEntry) []int {
	var found []int
	for _, entry := range entries {
		if n, err := strconv.Atoi(entry.Name()); err == nil && n > 0 {
			found = append(found, n)
		}
	}
	slices.Sort(found)
	return found
}

// path is where a file of a process lies, for paths that others open.
func (f *FS) path(pid int, name string) string {
	return f.root + "/" + pidName(pid) + "/" + name
}

// pidName is the process's directory; 0 means pytop itself.
func pidName(pid int) string {
	if pid == 0 {
		return "self"
	}
	return strconv.Itoa(pid)
}

// read returns a process's file, whole, if it has at most limit bytes.
func (f *FS) read(pid int, name string, limit int64) ([]byte, error) {
	file, err := f.fsys.Open(pidName(pid) + "/" + name)
	if err != nil {
		return nil, f.wrap("read", pid, name, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, f.wrap("read", pid, name, err)
	}
	if int64(len(data)) > limit {
		return nil, f.wrap("read", pid, name, ErrTooLarge)
	}
	return data, nil
}

// wrap names the file in err, once, and turns the ways in which /proc says
// that a process is gone into ErrNoProcess.
func (f *FS) wrap(verb string, pid int, name string, err error) error {
	path := f.path(pid, name)
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	if gone(err) {
		return fmt.Errorf("%s %s: %w", verb, path, ErrNoProcess)
	}
	return fmt.Errorf("%s %s: %w", verb, path, err)
}

// gone tells whether err means that the process is not there: its directory
// is missing, or it ended while a file in it was open.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}
