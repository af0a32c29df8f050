package inspect

import (
	"strings"
	"time"

	"pytop/collect"
	"pytop/collect/proc"
)

// titleEvery is how often arguments are read again: a process that gives itself
// another title (setproctitle) may keep its name. Of 200 processes that is 40
// short reads a second.
const titleEvery = 5 * time.Second

// Title is when a process's arguments were read last, and its name then.
type Title struct {
	at   time.Time
	name string
}

// Read reads a process's arguments again, now and then, and when its name has
// changed. What is known belongs to readings that were returned: where the
// arguments differ, another one takes its place.
func (t *Title) Read(stat proc.Stat, known *collect.Process) *collect.Process {
	if stat.Ended() || stat.Name == t.name && time.Since(t.at) < titleEvery {
		return known
	}
	*t = Title{time.Now(), stat.Name}
	args, err := proc.System().Cmdline(stat.PID)
	command := strings.Join(args, " ")
	if err != nil || command == "" || command == known.Command { // "": it ends, or has overwritten them
		return known
	}
	next := *known
	next.Command = command
	return &next
}
