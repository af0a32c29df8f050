package launch

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// traceOptions: tell system calls from signals; report execs, and threads,
	// since some wrappers (Go programs, for one) execute from any of theirs.
	traceOptions = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACECLONE
	// familyOptions: trace the processes that are forked, too, from their first
	// instruction.
	familyOptions = traceOptions | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK
)

// errEnded says that the command has ended while it was traced.
var errEnded = errors.New("the command has ended")

// trace forks the command and serves it until it is let go. All of ptrace is
// bound to one thread of ours, which ends with this function: the kernel then
// lets go of whatever is still traced (threads that sleep).
func (c *Command) trace(path string, args []string, attr *syscall.ProcAttr, started chan<- error) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		// Go never ends a program's first thread: while this goroutine sits
		// on it, take another.
		defer runtime.UnlockOSThread()
		other := make(chan struct{})
		go func() { defer close(other); c.trace(path, args, attr, started) }()
		<-other
		return
	}
	if err := c.fork(path, args, attr); err != nil {
		started <- err
		return
	}
	started <- nil
	defer close(c.free)
	isPython, wanted := <-c.orders
	if !wanted { // Close has killed it
		detach(c.pid, 0) //nolint:errcheck // it may have ended
		return
	}
	begun := time.Now()
	t := newTracer(c, isPython)
	tid, err := t.run()
	switch {
	case errors.Is(err, errEnded):
		c.found <- finding{err: c.notPython(time.Since(begun))}
	case err != nil:
		c.found <- finding{err: fmt.Errorf("trace the command: %w", err)}
	case tid == 0: // abandoned: nobody waits to be told
	default:
		c.found <- finding{pid: t.threads[tid].process.pid}
		<-c.verdict    //nolint:errcheck // decide returns it
		detach(tid, 0) //nolint:errcheck // killed meanwhile
	}
}

// fork starts the command, which stops after its exec.
func (c *Command) fork(path string, args []string, attr *syscall.ProcAttr) error {
	if err := withhold(); err != nil {
		return &StartError{Command: args[0], Err: err, own: true}
	}
	ignoreAgain()
	pid, err := syscall.ForkExec(path, args, attr)
	if errors.Is(err, syscall.ENOEXEC) {
		// A script without "#!": as execvp(3), and so every shell, does.
		const shell = "/bin/sh"
		pid, err = syscall.ForkExec(shell, append([]string{shell, path}, args[1:]...), attr)
	}
	if err != nil {
		// EPERM is what PTRACE_TRACEME and setuid(2) return; execve(2) says
		// EACCES for what is not executable. For the others there was no room.
		own := errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.EAGAIN)
		return &StartError{Command: args[0], Err: err, own: own}
	}
	c.pid = pid
	if err := c.seize(); err != nil {
		unix.Kill(pid, unix.SIGKILL) //nolint:errcheck // it is ours
		var status unix.WaitStatus
		waitFor(pid, &status) //nolint:errcheck // so that it does not stay a zombie
		return &StartError{Command: args[0], Err: fmt.Errorf("trace it: %w", err), own: true}
	}
	return nil
}

// seize takes the command, which has asked to be traced and stands after its
// exec, over to tracing by PTRACE_SEIZE. In between SIGSTOP keeps it there.
func (c *Command) seize() error {
	var status unix.WaitStatus
	if err := waitFor(c.pid, &status); err != nil {
		return err
	}
	if err := detach(c.pid, unix.SIGSTOP); err != nil {
		return err
	}
	options := uintptr(traceOptions)
	if c.family {
		options = familyOptions
	}
	if err := seize(c.pid, options); err != nil {
		return err
	}
	if err := waitFor(c.pid, &status); err != nil {
		return err
	}
	return unix.Kill(c.pid, unix.SIGCONT) // it stands where it is, traced
}

// waitFor waits for a stop or end of a process that this thread of ours traces.
func waitFor(pid int, status *unix.WaitStatus) error {
	_, err := waitAny(pid, status, nil)
	return err
}

// waitAny waits for a stop or end of a thread that this thread of ours
// traces; -1: of any.
func waitAny(tid int, status *unix.WaitStatus, usage *unix.Rusage) (int, error) {
	for {
		which, err := unix.Wait4(tid, status, unix.WALL|unix.WNOTHREAD, usage)
		if err != unix.EINTR { //nolint:errorlint // an errno
			return which, err
		}
	}
}
