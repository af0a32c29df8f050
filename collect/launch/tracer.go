package launch

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"pytop/collect/proc"
)

// tracer follows the threads of the command, and of its family if asked to,
// until one maps a CPython.
type tracer struct {
	command  *Command
	isPython func(pid int, m proc.Mapping) bool
	threads  map[int]*thread // by TID
}

// tracee is a process that is traced.
type tracee struct {
	pid   int
	asked map[file]bool // since its last exec
}

// thread is a thread of a tracee.
type thread struct {
	process  *tracee
	mapsCode bool // it is in an mmap of a file's code
	found    bool // that file was a CPython's
}

// file is a file that is mapped, as maps names it.
type file struct {
	major, minor uint32
	inode        uint64
}

func newTracer(c *Command, isPython func(pid int, m proc.Mapping) bool) *tracer {
	first := &thread{process: &tracee{pid: c.pid, asked: map[file]bool{}}}
	return &tracer{command: c, isPython: isPython, threads: map[int]*thread{c.pid: first}}
}

// run lets the command go on from stop to stop. It returns the thread that
// stands where a CPython is mapped; 0 when it was let go on demand; errEnded
// when it has ended, and all of its family that was traced.
func (t *tracer) run() (int, error) {
	pid := t.command.pid
	if found, err := t.ask(t.threads[pid].process); err != nil || found && t.hold() {
		return pid, err
	}
	if err := resume(pid, 0); err != nil {
		return 0, err
	}
	for {
		var status unix.WaitStatus
		var usage unix.Rusage
		tid, err := waitAny(-1, &status, &usage)
		switch {
		case errors.Is(err, unix.ECHILD):
			return 0, errEnded
		case err != nil:
			return 0, fmt.Errorf("wait: %w", err)
		case !status.Stopped():
			delete(t.threads, tid)
			if tid == pid {
				t.command.reap(status, usage)
			}
			continue
		}
		next, err := t.stopped(tid, status)
		if err != nil {
			return 0, err
		}
		if t.command.letGo() {
			detach(tid, next.signal) //nolint:errcheck // it has ended if not
			return 0, nil
		}
		if next.found && t.hold() {
			return tid, nil
		}
		if err := next.take(tid); err != nil {
			return 0, err
		}
	}
}

// step is how a stopped thread goes on.
type step struct {
	signal unix.Signal // it gets; 0: none
	found  bool        // it does not: it stands where a CPython is mapped
	stays  bool        // stopped, as a signal has it
	away   bool        // it was let go
}

// take makes the step. A thread that was killed meanwhile will be waited for.
func (s step) take(tid int) error {
	switch {
	case s.away:
		return nil
	case s.stays:
		return ignoreEnded(listen(tid))
	}
	return resume(tid, s.signal)
}

// hold makes the process that was found stand still; false when Attach no
// longer waits.
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

// stopped serves one stop of a thread.
func (t *tracer) stopped(tid int, status unix.WaitStatus) (step, error) {
	one := t.threads[tid]
	if one == nil {
		var err error
		if one, err = t.adopt(tid); one == nil {
			return step{away: true}, err
		}
	}
	switch signal := status.StopSignal(); {
	case signal == unix.SIGTRAP|0x80: // PTRACE_O_TRACESYSGOOD
		found, err := t.atSyscall(tid, one)
		return step{found: found}, err
	case event(status) == unix.PTRACE_EVENT_EXEC:
		found, err := t.execed(one.process)
		return step{found: found}, err
	case event(status) == unix.PTRACE_EVENT_STOP && signal != unix.SIGTRAP:
		return step{stays: true}, nil
	case event(status) != 0: // it begins, has been continued, or has made another: that one will report
		return step{}, nil
	default:
		return step{signal: signal}, nil
	}
}

// adopt takes in a new thread. One of another process is let go unless the
// family is traced: clone(2) makes those, too. nil: it is gone.
func (t *tracer) adopt(tid int) (*thread, error) {
	status, err := proc.System().Status(tid)
	if errors.Is(err, proc.ErrNoProcess) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if status.TGID != t.command.pid && !t.command.family {
		return nil, ignoreEnded(detach(tid, 0))
	}
	one := &thread{process: t.process(status.TGID)}
	t.threads[tid] = one
	return one, nil
}

// process is the tracee with a PID, which may be new.
func (t *tracer) process(pid int) *tracee {
	for _, one := range t.threads {
		if one.process.pid == pid {
			return one.process
		}
	}
	return &tracee{pid: pid, asked: map[file]bool{}}
}

// execed looks at what a process has executed. All its other threads are
// gone, whichever executed; so are the files.
func (t *tracer) execed(process *tracee) (bool, error) {
	for tid, one := range t.threads {
		if one.process == process {
			delete(t.threads, tid)
		}
	}
	t.threads[process.pid] = &thread{process: process}
	clear(process.asked)
	return t.ask(process)
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
		one.found, err = t.ask(one.process)
	}
	return false, err
}

// ask asks about each file that a process has mapped code of, once.
func (t *tracer) ask(process *tracee) (bool, error) {
	maps, err := proc.System().Maps(process.pid)
	if errors.Is(err, proc.ErrNoProcess) || errors.Is(err, fs.ErrPermission) {
		// Ended, or executing what we may not look at: no CPython for us.
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, m := range maps {
		key := file{m.Major, m.Minor, m.Inode}
		if !m.Executable() || !m.File() || process.asked[key] {
			continue
		}
		process.asked[key] = true
		if t.isPython(process.pid, m) {
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
