package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"pytop/collect"
	"pytop/collect/export"
	"pytop/collect/launch"
	"pytop/tui"
)

// whole tells whether one snapshot, of all the run, is written at the end.
func (c *config) whole() bool {
	if c.output == "table" {
		return true
	}
	format, _, err := c.outputFormat()
	return err == nil && format == export.JSON
}

// writer opens where snapshots go: a function that writes one, and one that
// ends the writing.
func (c *config) writer() (end func() error, write func(*collect.Snapshot) error, err error) {
	if c.output == "" || c.output == "table" {
		table := tui.TableOptions{Top: c.top, Sort: c.sort, Filter: c.filter, ASCII: c.ascii, Width: terminalWidth()}
		return func() error { return nil }, func(s *collect.Snapshot) error {
			if err := tui.Table(os.Stdout, s, table); err != nil {
				return err
			}
			_, err := fmt.Println()
			return err
		}, nil
	}
	how, name, err := c.outputFormat()
	if err != nil {
		return nil, nil, err
	}
	to := io.WriteCloser(os.Stdout)
	if name != "" {
		if to, err = export.Create(name, owner()); err != nil {
			return nil, nil, &outputError{fmt.Errorf("%w (pytop writes new files only)", err)}
		}
	}
	w, err := export.NewWriter(to, how, c.exportOptions())
	if err != nil {
		return nil, nil, err
	}
	queue := export.NewQueue(w, 16)
	return func() error {
			err := queue.Close()
			if n := queue.Dropped(); n > 0 {
				complain(fmt.Sprintf("%d readings were not written: the reader was too slow", n))
			}
			if name != "" {
				err = errors.Join(err, to.Close())
			}
			return err
		}, func(s *collect.Snapshot) error {
			if name == "" && hungUp() {
				return syscall.EPIPE
			}
			return queue.Write(s)
		}, nil
}

// hungUp tells whether nobody can read standard output any more. Writing would
// tell too, but there is nothing to write while nothing is called.
func hungUp() bool {
	out := []unix.PollFd{{Fd: 1}}
	n, err := unix.Poll(out, 0)
	return err == nil && n > 0 && out[0].Revents&(unix.POLLERR|unix.POLLNVAL) != 0
}

func (c *config) exportOptions() export.Options {
	o := export.Options{Version: version}
	if c.topGiven {
		o.Top = c.top
	}
	return o
}

// owner is whom new files belong to, under sudo.
func owner() *export.Owner {
	if u := launch.SudoUser(os.Geteuid(), os.Getenv); u != nil {
		return &export.Owner{UID: u.UID, GID: u.GID, Groups: u.Groups}
	}
	return nil
}

// stateDir is where snapshots go that another directory refuses: that of whom
// they belong to. Under sudo HOME and XDG_STATE_HOME may be root's.
func stateDir() string {
	if u := launch.SudoUser(os.Geteuid(), os.Getenv); u != nil {
		return export.StateDir("", u.Home)
	}
	home, _ := os.UserHomeDir()
	return export.StateDir(os.Getenv("XDG_STATE_HOME"), home)
}

// terminalWidth is how wide standard output is; 0: it is no terminal.
func terminalWidth() int {
	width, _, err := term.GetSize(1)
	if err != nil {
		return 0
	}
	return width
}
