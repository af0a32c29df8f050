// Package launch starts a command and holds it until the probes are in place,
// so that its calls are counted from the first.
//
// The command is traced with ptrace(2) from its first instruction to the
// moment at which it has mapped the file of a CPython, by itself or by what
// it executes in its place (env, a script's interpreter, a shell's exec).
// There it stands still while the caller attaches; then it is let go for good
// before any Python code has run. That a watched process is never stopped
// holds from then on: this one had not begun. Nothing is written into it.
//
// The command's children are traced only if its family is asked for
// (Options.Family): then the first of its processes that maps a CPython is
// held so, and with it whatever of the others makes a system call; then all
// are let go. Until then they run as untraced ones do, only slower: signals,
// stops by signals and set-user-ID programs work (those not for a pytop
// without CAP_SYS_PTRACE), except that no debugger can trace them.
//
// If pytop dies meanwhile, the kernel lets all of them go, and they run on.
package launch

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect/proc"
)

// Patience is how long a command is traced, by default, before it counts as
// one that is no CPython.
const Patience = 10 * time.Second

// FamilyPatience is how long a command's family is traced, by default, before
// it counts as one without a CPython: some fetch what they then start.
const FamilyPatience = time.Minute

// afterEnd is how long it is still looked for a CPython in a family when the
// command itself has ended: for what puts itself into the background.
const afterEnd = 3 * time.Second

// Options say what to start, and how.
type Options struct {
	Args []string // the command, looked up on PATH, and its arguments
	Env  []string // nil: pytop's own
	// User is whom the command runs as; nil: the user that pytop runs as.
	User *User
	// Capture is for when the terminal is pytop's: the command gets a session
	// of its own, /dev/null to read, and its output goes to a file behind a
	// Log. Otherwise it has pytop's own input, output and process group.
	Capture bool
	// Family: the CPython may be any of the processes that the command starts.
	Family bool
	// LogDir is where that file is kept while the command runs; empty: the
	// directory for temporary files.
	LogDir string
}

// Command is a command that was started. Close it.
type Command struct {
	pid    int
	pidfd  int
	family bool
	output *output // nil unless captured

	orders  chan func(pid int, m proc.Mapping) bool // Attach → tracer
	found   chan finding                            // tracer → Attach
	verdict chan error                              // Attach → tracer
	free    chan struct{}                           // closed when it is no longer traced

	mu        sync.Mutex
	held      bool // stands where its probes are attached
	abandoned bool // is not to be traced any longer
	asked     bool // Attach was called
	reaped    bool
	closed    bool

	done   chan struct{}
	result Result
}

// finding is what tracing came to: the process that maps a CPython, or an
// error, *NotPythonError among others.
type finding struct {
	pid int
	err error
}

// Start starts a command and holds it before its first instruction. An error
// is a *StartError. Next is Attach.
func Start(o Options) (*Command, error) {
	if len(o.Args) == 0 {
		return nil, &StartError{Err: errors.New("no command was given"), own: true}
	}
	path, err := find(o.Args[0])
	if err != nil {
		return nil, &StartError{Command: o.Args[0], Err: err}
	}
	c := &Command{
		family: o.Family, orders: make(chan func(int, proc.Mapping) bool), found: make(chan finding, 1), verdict: make(chan error, 1),
		free: make(chan struct{}), done: make(chan struct{}),
	}
	attr, err := c.attributes(o)
	if err != nil {
		return nil, &StartError{Command: o.Args[0], Err: err, own: true}
	}
	started := make(chan error)
	go c.trace(path, o.Args, attr, started)
	err = <-started
	if c.output != nil {
		c.output.opened()
	}
	if err != nil {
		c.output.close(false)
		return nil, err
	}
	go c.wait()
	return c, nil
}

// attributes says how the command is to be forked.
func (c *Command) attributes(o Options) (*syscall.ProcAttr, error) {
	attr := &syscall.ProcAttr{
		Env:   o.Env,
		Files: []uintptr{0, 1, 2},
		Sys:   &syscall.SysProcAttr{Ptrace: true, PidFD: &c.pidfd},
	}
	if attr.Env == nil {
		attr.Env = os.Environ()
	}
	if o.User != nil {
		attr.Env = o.User.environ(attr.Env)
		attr.Sys.Credential = o.User.credential()
	}
	if !o.Capture {
		return attr, nil
	}
	attr.Sys.Setsid = true
	var err error
	if c.output, err = openOutput(o.LogDir, o.User); err != nil {
		return nil, err
	}
	attr.Files = c.output.files()
	return attr, nil
}

// PID is the command's process, which stays the same whatever it executes.
func (c *Command) PID() int { return c.pid }

// Attach lets the command run until it has mapped a CPython, for which
// isPython is asked about each of its files that has executable memory, once;
// calls attach while it stands there, and lets it go. At that point all of
// the CPython's file is mapped, but a shared library is not yet relocated.
// With Options.Family that may be a process beneath the command: attach is
// told its PID.
//
// If attach returns an error, the command, which has not begun, is killed,
// and the error returned. A command that is not the CPython itself has begun:
// it runs on, and the error is an *UnwatchedError. If the command ends without
// a CPython, or there is none within the given time, the error is a
// *NotPythonError; it may then still run, without being traced. Attach is
// called once.
func (c *Command) Attach(isPython func(pid int, m proc.Mapping) bool, attach func(pid int) error, patience time.Duration) error {
	c.mu.Lock()
	if c.asked || c.closed {
		c.mu.Unlock()
		return errors.New("attach to a command twice, or after its end")
	}
	c.asked = true
	c.mu.Unlock()
	begun := time.Now()
	c.orders <- isPython
	found, ok := c.await(patience)
	if ok {
		return c.decide(found, attach)
	}
	c.mu.Lock()
	late := !c.held
	c.abandoned = late // the tracer lets go at the next stop
	c.mu.Unlock()
	if late {
		return c.notPython(time.Since(begun))
	}
	return c.decide(<-c.found, attach)
}

// await waits for what tracing comes to; false when it takes too long.
func (c *Command) await(patience time.Duration) (found finding, ok bool) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case found = <-c.found:
		return found, true
	case <-timer.C:
		return found, false
	case <-c.done:
		timer.Reset(min(patience, afterEnd))
	}
	select {
	case found = <-c.found:
		return found, true
	case <-timer.C:
		return found, false
	}
}

// notPython says that there was no CPython in that time.
func (c *Command) notPython(after time.Duration) *NotPythonError {
	e := &NotPythonError{After: after, PID: c.pid, Family: c.family}
	select {
	case <-c.done:
		result := c.result
		e.Ended = &result
	default:
	}
	return e
}

// decide attaches if a CPython was found, and tells the tracer how that went.
func (c *Command) decide(found finding, attach func(pid int) error) error {
	if found.err != nil {
		return found.err
	}
	err := attach(found.pid)
	switch {
	case err == nil:
	case found.pid == c.pid:
		c.kill() //nolint:errcheck // it has ended if not
	default:
		err = &UnwatchedError{err}
	}
	c.verdict <- err
	<-c.free
	return err
}

// Done is closed when the command has ended.
func (c *Command) Done() <-chan struct{} { return c.done }

// Wait waits for the command's end.
func (c *Command) Wait() Result {
	<-c.done
	return c.result
}

// Log is the command's captured output; nil unless Options.Capture was set.
func (c *Command) Log() *Log {
	if c.output == nil {
		return nil
	}
	return c.output.log
}

// wait waits for the end of the command once it is no longer traced.
func (c *Command) wait() {
	<-c.free
	select {
	case <-c.done: // the tracer saw it end
		return
	default:
	}
	var end unix.Siginfo
	for unix.Waitid(unix.P_PID, c.pid, &end, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR { //nolint:errorlint // an errno
	}
	c.mu.Lock()
	var status unix.WaitStatus
	var usage unix.Rusage
	for {
		if _, err := unix.Wait4(c.pid, &status, 0, &usage); err != unix.EINTR { //nolint:errorlint // an errno
			break
		}
	}
	c.reaped = true
	c.mu.Unlock()
	c.end(status, usage)
}

// end makes known how the command ended.
func (c *Command) end(status unix.WaitStatus, usage unix.Rusage) {
	c.result = resultOf(status, usage)
	if c.output != nil {
		c.output.drain()
	}
	close(c.done)
}

// Close ends a command that Attach was never called for, or that stands
// still, and otherwise leaves it alone (see End and Leave). The captured
// output is no longer followed, and its file is removed if the command has
// ended, or kept. It may be called more than once.
func (c *Command) Close() error {
	c.mu.Lock()
	first := !c.closed
	never := first && !c.asked
	c.closed = true
	c.mu.Unlock()
	if !first {
		return nil
	}
	if never {
		c.kill() //nolint:errcheck // it has ended if not
		close(c.orders)
		<-c.done
	}
	select {
	case <-c.done:
		c.output.close(false)
		return unix.Close(c.pidfd)
	default:
		c.output.close(true)
		return nil // the descriptor is still needed by nobody, and goes with pytop
	}
}

// String names the command in messages.
func (c *Command) String() string { return fmt.Sprintf("process %d", c.pid) }
