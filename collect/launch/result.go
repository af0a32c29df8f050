package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Exit statuses of pytop itself, as those of env(1).
const (
	StatusFailure  = 125 // pytop failed
	StatusNotRun   = 126 // the command was found and could not be run
	StatusNotFound = 127
)

// Result is how a command ended, and what it used.
type Result struct {
	Exit       int            // its exit status; -1 when a signal ended it
	Signal     syscall.Signal // that ended it; 0: none
	CoreDumped bool
	CPU        time.Duration // user and system time, with the children it waited for
	Memory     uint64        // most resident bytes
}

// Status is what pytop exits with in the command's place: its status, or 128
// and the signal's number.
func (r Result) Status() int {
	if r.Signal != 0 {
		return 128 + int(r.Signal)
	}
	return r.Exit
}

// String says it in words: "exit status 3", "killed by SIGTERM".
func (r Result) String() string {
	if r.Signal == 0 {
		return fmt.Sprintf("exit status %d", r.Exit)
	}
	name := unix.SignalName(r.Signal)
	if name == "" {
		name = fmt.Sprintf("signal %d", int(r.Signal))
	}
	if r.CoreDumped {
		name += " (core dumped)"
	}
	return "killed by " + name
}

func resultOf(status unix.WaitStatus, usage unix.Rusage) Result {
	r := Result{
		Exit:   status.ExitStatus(),
		CPU:    time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
		Memory: uint64(usage.Maxrss) << 10, // in KiB on Linux
	}
	if status.Signaled() {
		r.Exit, r.Signal, r.CoreDumped = -1, status.Signal(), status.CoreDump()
	}
	return r
}

// StartError says why a command could not be started.
type StartError struct {
	Command string
	Err     error
	own     bool // pytop's failure, not the command's
}

func (e *StartError) Error() string { return fmt.Sprintf("start %s: %v", e.Command, e.Err) }
func (e *StartError) Unwrap() error { return e.Err }

// Status is what pytop exits with.
func (e *StartError) Status() int {
	switch {
	case e.own:
		return StatusFailure
	case errors.Is(e.Err, fs.ErrNotExist):
		return StatusNotFound
	}
	return StatusNotRun
}

// NotPythonError says that a command turned out not to be a CPython: its
// calls cannot be counted from the first.
type NotPythonError struct {
	// Ended is how it ended; nil when it still runs.
	Ended  *Result
	After  time.Duration // for which it was traced
	PID    int
	Family bool // nor was one of the processes that it started
}

func (e *NotPythonError) Error() string {
	after := e.After.Round(time.Second)
	switch {
	case e.Family && e.Ended != nil:
		return fmt.Sprintf("the command ended (%s), and neither it nor what it started was a CPython", e.Ended)
	case e.Family:
		return fmt.Sprintf("after %s neither the command nor what it started is a CPython; it runs on unwatched", after)
	case e.Ended != nil:
		return fmt.Sprintf("the command ended (%s) without having been a CPython", e.Ended)
	}
	return fmt.Sprintf("after %s the command is not a CPython; it runs on unwatched", after)
}

// UnwatchedError says why the CPython that was found beneath a command could
// not be watched. The command runs on.
type UnwatchedError struct{ Err error }

func (e *UnwatchedError) Error() string { return e.Err.Error() }
func (e *UnwatchedError) Unwrap() error { return e.Err }

// find looks a command up on PATH as execvp(3) does: fs.ErrNotExist when it
// is not there, fs.ErrPermission when what is there may not be executed.
func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, exec.ErrDot):
		return path, nil // PATH says so, as for any shell
	case errors.Is(err, exec.ErrNotFound):
		for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
			if about, err := os.Stat(filepath.Join(dir, name)); err == nil && !about.IsDir() && !strings.Contains(name, "/") {
				return "", fs.ErrPermission
			}
		}
		return "", fs.ErrNotExist
	}
	var wrong *exec.Error
	if errors.As(err, &wrong) {
		err = wrong.Err
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return "", err
}
