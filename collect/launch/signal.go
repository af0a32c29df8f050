package launch

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Signal sends the command a signal; nothing happens if it has ended. It goes
// by a descriptor of this very process, never to another with its PID.
func (c *Command) Signal(signal syscall.Signal) error {
	err := unix.PidfdSendSignal(c.pidfd, signal, nil, 0)
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("send %s to process %d: %w", unix.SignalName(signal), c.pid, err)
	}
	return nil
}

func (c *Command) kill() error { return c.Signal(unix.SIGKILL) }

// Forward passes on a signal that pytop was sent, unless the command has had
// it already: Ctrl-C and Ctrl-\ on a terminal go to everything in its
// foreground, and a second SIGINT would interrupt the command's tidying up.
// (Somebody who sends pytop itself a SIGINT while it is in the foreground of
// its terminal cannot be told from that.)
func (c *Command) Forward(signal syscall.Signal) error {
	if c.output == nil && (signal == unix.SIGINT || signal == unix.SIGQUIT) && inForeground() {
		return nil
	}
	return c.Signal(signal)
}

// inForeground tells whether pytop's process group is what its terminal, if
// it has one, sends Ctrl-C to.
func inForeground() bool {
	fd, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false // none: a service, a job of cron or of CI
	}
	defer unix.Close(fd)
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// End ends the command: with SIGTERM, and with SIGKILL if it still runs after
// the grace, which then also goes to what it has started, if it was captured.
// Of a family SIGTERM does so, too: many wrappers do not pass it on.
func (c *Command) End(grace time.Duration) (Result, error) {
	for _, signal := range []syscall.Signal{unix.SIGTERM, unix.SIGCONT} { // one that is stopped would not get the first alone
		if c.family && c.signalGroup(signal) {
			continue
		}
		if err := c.Signal(signal); err != nil {
			return Result{}, err
		}
	}
	select {
	case <-c.done:
		return c.result, nil
	case <-time.After(grace):
	}
	if err := c.killAll(); err != nil {
		return Result{}, err
	}
	return c.Wait(), nil
}

// killAll kills the command, and its process group if that is its own.
func (c *Command) killAll() error {
	c.signalGroup(unix.SIGKILL)
	return c.kill()
}

// signalGroup sends the command's process group a signal, if that is its own;
// false: it was not sent.
func (c *Command) signalGroup(signal syscall.Signal) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Once it is reaped its number may be another's.
	return c.output != nil && !c.reaped && unix.Kill(-c.pid, signal) == nil
}

// Leave is for when pytop ends and the command goes on: its captured output
// is no longer followed, and is from now on found in the file whose path is
// returned (of which what lies further back than 64 MiB may be blank). Empty
// when it was not captured or has ended.
func (c *Command) Leave() string {
	select {
	case <-c.done:
		return ""
	default:
	}
	if c.output == nil {
		return ""
	}
	c.output.close(true)
	return c.output.path
}
