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

// toStdout tells whether snapshots go to standard output.
func (c *config) toStdout() bool {
	if c.output == "" || c.output == "table" {
		return true
	}
	_, file, err := c.outputFormat()
	return err == nil && file == ""
}

// writer opens where snapshots go: a function that writes one, and one that
// ends the writing. Only the latter waits for a reader.
func (c *config) writer() (end func() error, write func(*collect.Snapshot) error, err error) {
	to, w, err := c.open()
	if err != nil {
		return nil, nil, err
	}
	queue := export.NewQueue(w, 16)
	return func() error {
			err := queue.Close()
			if n := queue.Dropped(); n > 0 {
				complain(fmt.Sprintf("%d readings were not written: the reader was too slow", n))
			}
			if to != nil {
				err = errors.Join(err, to.Close())
			} else if err == nil {
				err = syncOutput()
			}
			return err
		}, func(s *collect.Snapshot) error {
			if to == nil && hungUp() {
				return syscall.EPIPE
			}
			return queue.Write(s)
		}, nil
}

// open opens the output; file is nil when that is standard output.
func (c *config) open() (file io.Closer, _ export.Writer, err error) {
	if c.output == "" || c.output == "table" {
		return nil, tables{tui.TableOptions{Top: c.top, Sort: c.sort, Filter: c.filter, ASCII: c.ascii, Width: terminalWidth()}}, nil
	}
	how, name, err := c.outputFormat()
	if err != nil {
		return nil, nil, err
	}
	if name == "" {
		w, err := export.NewWriter(os.Stdout, how, c.exportOptions())
		return nil, w, err
	}
	made, err := export.Create(name, owner())
	if err != nil {
		return nil, nil, &outputError{fmt.Errorf("%w (pytop writes new files only)", err)}
	}
	w, err := export.NewWriter(made, how, c.exportOptions())
	return made, w, err
}

// tables writes snapshots as tables to standard output, each with a blank line
// below.
type tables struct{ options tui.TableOptions }

func (t tables) Write(s *collect.Snapshot) error {
	err := tui.Table(os.Stdout, s, t.options)
	if err == nil {
		_, err = fmt.Println()
	}
	if err != nil {
		return &export.WriteError{Path: os.Stdout.Name(), Err: err, Left: "the last table may be cut off"}
	}
	return nil
}

func (t tables) Close() error { return nil }

// syncOutput writes standard output to the disk if it is a file: some file
// systems say only then that there was no space.
func syncOutput() error {
	about, err := os.Stdout.Stat()
	if err != nil || !about.Mode().IsRegular() {
		return nil
	}
	if err := os.Stdout.Sync(); err != nil {
		return &export.WriteError{Path: os.Stdout.Name(), Err: err, Left: "the output may be incomplete"}
	}
	return nil
}

// noSpace tells whether output was refused since there is no room for it, or
// no more of it is allowed.
func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// adviceSpace is what to do then.
const adviceSpace = "free space there, or write to another file system"

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
