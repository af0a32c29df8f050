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
// stops by signals and set-user-ID programs work, except that no debugger can
// trace them. Set-user-ID programs do not get their rights beneath a pytop
// without CAP_SYS_PTRACE, nor does the command itself if it is one and runs as
// another user than root: it asks to be traced before it executes.
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
	// ToStderr: what it writes to its standard output goes to pytop's standard
	// error, since pytop's own output has the other; not with Capture.
	ToStderr bool
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

// Start starts a command and holds it before its first instruction. An error
// is a *StartError. Next is Attach. Of signals that pytop was started with as
// ignored, signal.Notify is undone by it.
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
	if o.ToStderr {
		attr.Files[1] = attr.Files[2]
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
	for !c.ended() {
		time.Sleep(time.Millisecond)
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

// ended waits for the end of the command, without reaping it. It returns false
// for a stop, which is seen while the thread of ours that has traced it is not
// yet gone.
func (c *Command) ended() bool {
	var what unix.Siginfo
	for unix.Waitid(unix.P_PID, c.pid, &what, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR { //nolint:errorlint // an errno
	}
	const trapped, stopped = 4, 5 // CLD_… of wait(2)
	return what.Code != trapped && what.Code != stopped
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
