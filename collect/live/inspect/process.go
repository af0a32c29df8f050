package inspect

import (
	"errors"
	"fmt"
	"time"

	"pytop/collect"
	"pytop/collect/proc"
	"pytop/collect/stack"
)

// ExecGrace is how long a program that a process exec'd may take to load its
// CPython before pytop says that it has none.
const ExecGrace = 3 * time.Second

// ProcessOf is what /proc says of a process that does not change.
func ProcessOf(stat proc.Stat) *collect.Process {
	pid := stat.PID
	p := &collect.Process{PID: pid, Start: stat.Start, Parent: stat.Parent, Command: "[" + stat.Name + "]"}
	if command, err := proc.System().Command(pid); err == nil {
		p.Command = command
	}
	if status, err := proc.System().Status(pid); err == nil {
		p.OwnPID, p.User = status.OwnPID(), proc.UserName(status.EffectiveUID)
	}
	p.Container = proc.System().Container(pid)
	return p
}

// WhenEnded is what is wrong with a process: that it has ended, if it has,
// whatever else failed for that.
func WhenEnded(pid int, err error) error {
	if err == nil || errors.Is(err, proc.ErrNoProcess) {
		return err
	}
	if ended := Living(pid); ended != nil {
		return ended
	}
	return err
}

// Living is nil while a process runs, else how it has ended: errors.Is(err,
// proc.ErrNoProcess). What cannot be looked at counts as living.
func Living(pid int) error {
	stat, err := proc.System().Stat(pid)
	switch {
	case errors.Is(err, proc.ErrNoProcess):
		return fmt.Errorf("process %d: %w: it ended while pytop attached", pid, proc.ErrNoProcess)
	case err == nil && stat.Ended():
		return fmt.Errorf("process %d: %w: it has ended (and is a zombie until its parent waits for it)", pid, proc.ErrNoProcess)
	case err == nil && !stat.Kernel:
		if maps, err := proc.System().Maps(pid); err == nil && len(maps) == 0 { // it is about to
			return fmt.Errorf("process %d: %w: it ended while pytop attached", pid, proc.ErrNoProcess)
		}
	}
	return nil
}

// PlaceOf is a place as it is reported.
func PlaceOf(p stack.Place) collect.Place {
	return collect.Place{File: p.File, Function: p.Function, First: p.First, Line: p.Line}
}

// HasThread tells whether a process has a thread.
func HasThread(pid, tid int) bool {
	_, err := proc.System().ThreadName(pid, tid)
	return err == nil
}

// StateOf is what a thread does, by the letter that /proc has for it.
func StateOf(letter byte) string {
	switch letter {
	case 'R':
		return "running"
	case 'S', 'I':
		return "sleeping"
	case 'D':
		return "disk sleep"
	case 'T':
		return "stopped"
	case 't':
		return "traced"
	case 'Z', 'X', 'x':
		return "ended"
	}
	return string(rune(letter))
}
