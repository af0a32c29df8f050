package launch

import (
	"errors"
	"time"

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

// finding is what tracing came to: the process that maps a CPython, or an
// error, *NotPythonError among others.
type finding struct {
	pid int
	err error
}

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
