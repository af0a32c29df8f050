package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect/proc"
)

// traceOptions: tell system calls from signals; report execs, and threads,
// since some wrappers (Go programs, for one) execute from any of theirs.
const traceOptions = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACECLONE

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
	t := tracer{command: c, isPython: isPython, threads: map[int]*thread{c.pid: {}}, asked: map[file]bool{}}
	tid, err := t.run()
	switch {
	case errors.Is(err, errEnded):
		result := c.result
		c.found <- finding{&NotPythonError{Ended: &result, After: time.Since(begun)}}
	case err != nil:
		c.found <- finding{fmt.Errorf("trace the command: %w", err)}
	case tid == 0: // abandoned: nobody waits to be told
	default:
		c.found <- finding{}
		<-c.verdict    //nolint:errcheck // decide returns it
		detach(tid, 0) //nolint:errcheck // killed meanwhile
	}
}

// fork starts the command, which stops after its exec.
func (c *Command) fork(path string, args []string, attr *syscall.ProcAttr) error {
	pid, err := syscall.ForkExec(path, args, attr)
	if errors.Is(err, syscall.ENOEXEC) {
		// A script without "#!": as execvp(3), and so every shell, does.
		const shell = "/bin/sh"
		pid, err = syscall.ForkExec(shell, append([]string{shell, path}, args[1:]...), attr)
	}
	if err != nil {
		// EPERM is what PTRACE_TRACEME and setuid(2) return; execve(2) says
		// EACCES for what is not executable.
		return &StartError{Command: args[0], Err: err, own: errors.Is(err, syscall.EPERM)}
	}
	c.pid = pid
	var status unix.WaitStatus
	if err := waitFor(pid, &status, nil); err != nil {
		return &StartError{Command: args[0], Err: fmt.Errorf("wait for it: %w", err), own: true}
	}
	if err := unix.PtraceSetOptions(pid, traceOptions); err != nil {
		unix.Kill(pid, unix.SIGKILL) //nolint:errcheck // it is ours, and stopped
		waitFor(pid, &status, nil)   //nolint:errcheck // so that it does not stay a zombie
		return &StartError{Command: args[0], Err: fmt.Errorf("trace it: %w", err), own: true}
	}
	return nil
}

// waitFor waits for a stop or end of a thread that this thread of ours
// traces, -1: of any.
func waitFor(tid int, status *unix.WaitStatus, usage *unix.Rusage) error {
	_, err := waitAny(tid, status, usage)
	return err
}

func waitAny(tid int, status *unix.WaitStatus, usage *unix.Rusage) (int, error) {
	for {
		which, err := unix.Wait4(tid, status, unix.WALL|unix.WNOTHREAD, usage)
		if err != unix.EINTR { //nolint:errorlint // an errno
			return which, err
		}
	}
}

// tracer follows the threads of the command until one maps a CPython.
type tracer struct {
	command  *Command
	isPython func(pid int, m proc.Mapping) bool
	threads  map[int]*thread
	asked    map[file]bool // since the last exec
}

// thread is a thread of the command.
type thread struct {
	begun    bool // its first stop, which only ptrace causes, is over
	mapsCode bool // it is in an mmap of a file's code
	found    bool // that file was a CPython's
}

// file is a file that is mapped, as maps names it.
type file struct {
	major, minor uint32
	inode        uint64
}

// run lets the command go on from stop to stop. It returns the thread that
// stands where a CPython is mapped; 0 when it was let go on demand; errEnded
// when it has ended.
func (t *tracer) run() (int, error) {
	pid := t.command.pid
	t.threads[pid].begun = true
	if found, err := t.ask(); err != nil || found && t.hold() {
		return pid, err
	}
	if err := resume(pid, 0); err != nil {
		return 0, err
	}
	for {
		var status unix.WaitStatus
		var usage unix.Rusage
		tid, err := waitAny(-1, &status, &usage)
		if err != nil {
			return 0, fmt.Errorf("wait: %w", err)
		}
		if !status.Stopped() {
			delete(t.threads, tid)
			if tid == pid {
				t.command.reap(status, usage)
				return 0, errEnded
			}
			continue
		}
		signal, found, err := t.stopped(tid, status)
		if err != nil {
			return 0, err
		}
		if t.command.letGo() {
			detach(tid, signal) //nolint:errcheck // it has ended if not
			return 0, nil
		}
		if found && t.hold() {
			return tid, nil
		}
		if err := resume(tid, signal); err != nil {
			return 0, err
		}
	}
}

// hold makes the command stand still; false when Attach no longer waits.
func (t *tracer) hold() bool {
	c := t.command
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = !c.abandoned
	return c.held
}

// letGo tells whether the command is to be traced no longer.
func (c *Command) letGo() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.abandoned
}

// reap notes the end of the command, as the tracer has seen it.
func (c *Command) reap(status unix.WaitStatus, usage unix.Rusage) {
	c.mu.Lock()
	c.reaped = true
	c.mu.Unlock()
	c.end(status, usage)
}

// stopped serves one stop of a thread: it returns the signal to go on with,
// and whether a CPython is mapped.
func (t *tracer) stopped(tid int, status unix.WaitStatus) (signal unix.Signal, found bool, err error) {
	one := t.threads[tid]
	if one == nil {
		one = &thread{}
		t.threads[tid] = one
	}
	first := !one.begun
	one.begun = true
	signal = status.StopSignal()
	switch {
	case signal == unix.SIGTRAP|0x80: // PTRACE_O_TRACESYSGOOD
		found, err = t.atSyscall(tid, one)
		return 0, found, err
	case signal == unix.SIGTRAP && status.TrapCause() == unix.PTRACE_EVENT_EXEC:
		// All other threads are gone, whichever executed; so are the files.
		t.threads = map[int]*thread{t.command.pid: {begun: true}}
		clear(t.asked)
		found, err = t.ask()
		return 0, found, err
	case signal == unix.SIGTRAP && status.TrapCause() > 0: // a new thread: it will report
		return 0, false, nil
	case first && signal == unix.SIGSTOP: // how a new thread reports
		return 0, false, t.adopt(tid)
	case groupStop(tid):
		// It cannot stay stopped and be traced; it goes on.
		return 0, false, nil
	}
	return signal, false, nil
}

// adopt looks at a new thread, and lets it go if it is another process: clone
// can make those, too.
func (t *tracer) adopt(tid int) error {
	status, err := proc.System().Status(tid)
	if errors.Is(err, proc.ErrNoProcess) {
		return nil
	}
	if err != nil {
		return err
	}
	if status.TGID != t.command.pid {
		delete(t.threads, tid)
		return ignoreEnded(detach(tid, 0))
	}
	return nil
}

// atSyscall looks at a system call that a thread begins or ends. A CPython is
// found when its code was mapped; it counts as mapped with the next call that
// maps nothing: loaders map the parts of a file one after the other.
func (t *tracer) atSyscall(tid int, one *thread) (found bool, err error) {
	stop, err := readSyscall(tid)
	switch {
	case err != nil:
		return false, ignoreEnded(err)
	case stop.entry():
		one.mapsCode = stop.mapsCode()
		return one.found && stop.values[0] != unix.SYS_MMAP, nil
	case stop.exit() && one.mapsCode && !one.found:
		one.found, err = t.ask()
	}
	return false, err
}

// ask asks about each file that the command has mapped code of, once.
func (t *tracer) ask() (bool, error) {
	maps, err := proc.System().Maps(t.command.pid)
	if errors.Is(err, proc.ErrNoProcess) || errors.Is(err, fs.ErrPermission) {
		// Ended, or executing what we may not look at: no CPython for us.
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, m := range maps {
		key := file{m.Major, m.Minor, m.Inode}
		if !m.Executable() || !m.File() || t.asked[key] {
			continue
		}
		t.asked[key] = true
		if t.isPython(t.command.pid, m) {
			return true, nil
		}
	}
	return false, nil
}

// resume lets a thread run to its next stop, with a signal or 0. One that was
// killed meanwhile will be waited for.
func resume(tid int, signal unix.Signal) error {
	return ignoreEnded(unix.PtraceSyscall(tid, int(signal)))
}

// ignoreEnded is err unless it says that the thread is not there to be
// traced: SIGKILL does not wait for us.
func ignoreEnded(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}
