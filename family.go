package main

import (
	"errors"
	"fmt"

	"pytop/collect/launch"
	"pytop/collect/live"
	"pytop/collect/live/inspect"
	"pytop/collect/proc"
)

// countableUnder is what the CPython is looked for by that a command starts:
// beneath it, a Python that pytop refuses is passed by.
func countableUnder(command *launch.Command) func(pid int, m proc.Mapping) bool {
	return func(pid int, m proc.Mapping) bool {
		if !inspect.IsPython(pid, m) {
			return false
		}
		if pid == command.PID() {
			return true
		}
		located, err := inspect.Locate(pid)
		return err == nil && located.Close() == nil
	}
}

// familyOptions is what the kernel source is asked for when a process of a
// command's family, perhaps the command itself, stands where it maps its
// CPython. Beneath a wrapper that one is found as its descendant, and with it
// what the wrapper starts later.
func (c *config) familyOptions(wrapper, pid int) live.Options {
	o := c.liveOptions([]int{pid})
	stat, err := proc.System().Stat(wrapper)
	if pid == wrapper || err != nil || stat.Ended() {
		return o
	}
	o.PIDs = []int{wrapper, pid}
	return o
}

// unwatched says why a command runs unwatched, or did; false when it is watched,
// or was ended.
func unwatched(err error) bool {
	var not *launch.NotPythonError
	var other *launch.UnwatchedError
	switch {
	case errors.As(err, &other):
		complain("what the command started is not watched, and runs on: " + explain(other.Err, nil))
	case !errors.As(err, &not):
		return false
	case !not.Family:
		complain(err.Error() + "; what it starts is not watched: add --children to watch that too, or put the Python itself behind --")
	case not.Ended == nil:
		complain(err.Error() + fmt.Sprintf("; once a Python runs beneath it, watch that with: pytop --children -p %d", not.PID))
	default:
		complain(err.Error())
	}
	return true
}
