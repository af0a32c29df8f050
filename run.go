package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"pytop/collect"
	"pytop/collect/demo"
	"pytop/collect/doctor"
	"pytop/collect/export"
	"pytop/collect/launch"
	"pytop/collect/live"
	"pytop/collect/live/inspect"
	_ "pytop/collect/live/registry" // the probes
)

// run does what the command line asks for.
func run(ctx context.Context, c config) (int, error) {
	switch c.verb {
	case "doctor":
		return diagnose(c)
	case "dump":
		return exitDone, dump(c)
	case "demo":
		workload, err := c.demo()
		if err != nil {
			return exitFailure, err
		}
		defer workload.Close()
	}
	if c.headless() {
		return headless(ctx, c)
	}
	return screen(ctx, c)
}

// demo makes the bundled workload the command to start.
func (c *config) demo() (*demo.Workload, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return nil, fmt.Errorf("start the demo: %w; install python3, or watch another Python with: pytop -p PID", err)
	}
	uid, gid := -1, -1
	if u := launch.SudoUser(os.Geteuid(), os.Getenv); u != nil {
		uid, gid = u.UID, u.GID
	}
	w, err := demo.Open(uid, gid)
	if err != nil {
		return nil, err
	}
	c.command = w.Args(python, os.Getpid())
	return w, nil
}

// dump prints what the threads of processes do at this instant.
func dump(c config) error {
	for i, pid := range c.pids {
		d, err := inspect.Dump(pid)
		if err != nil {
			return err
		}
		if c.output == "json" {
			err = export.WriteDump(os.Stdout, d, version)
		} else {
			if i > 0 {
				fmt.Println() // when that fails, so does what follows
			}
			err = export.PrintDump(os.Stdout, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// diagnose prints what works here, and for each process.
func diagnose(c config) (int, error) {
	list := doctor.Machine()
	var refused error
	for _, pid := range c.pids {
		checks, err := doctor.Target(pid)
		list = append(list, checks...)
		if refused == nil {
			refused = err
		}
	}
	missing := false
	var out strings.Builder
	for _, k := range list {
		fmt.Fprintf(&out, "%-8s %-15s %s\n", k.Verdict, k.Name, oneLine(k.Found))
		if k.Advice != "" {
			fmt.Fprintf(&out, "%-8s %-15s → %s\n", "", "", oneLine(k.Advice))
		}
		missing = missing || k.Verdict == doctor.Missing
	}
	if _, err := os.Stdout.WriteString(out.String()); err != nil {
		return exitFailure, &export.WriteError{Path: os.Stdout.Name(), Err: err, Left: "the output is incomplete"}
	}
	switch {
	case refused != nil:
		return statusOf(refused), nil
	case missing && doctor.Privilege() != "":
		return exitNotPermitted, nil
	case missing:
		return exitNotCountable, nil
	}
	return exitDone, nil
}

// liveOptions is what the kernel source is asked for.
func (c *config) liveOptions(pids []int) live.Options {
	return live.Options{PIDs: pids, Children: c.children, All: c.all, Functions: c.functions, Budget: c.budget, FromStart: c.command != nil, Cache: live.UserCache(), Probes: c.probes}
}

// begin starts the command, if there is one; capture keeps it off the terminal.
// Where pytop's own output is standard output, the command's is standard error:
// whoever reads the one is to find nothing else in it.
func (c *config) begin(capture bool) (*launch.Command, error) {
	if c.command == nil {
		return nil, nil
	}
	return launch.Start(launch.Options{Args: c.command, User: launch.SudoUser(os.Geteuid(), os.Getenv),
		Capture: capture, ToStderr: !capture && c.toStdout(), Family: c.children})
}

// attach opens the source: on the command at its first call, or on the
// processes. It then calls opened, whose error closes the source again.
func (c *config) attach(command *launch.Command, opened func() error) (source *live.Source, err error) {
	open := func(o live.Options) error {
		if source, err = live.Open(o); err != nil {
			return err
		}
		if err := opened(); err != nil {
			return errors.Join(err, source.Close())
		}
		return nil
	}
	switch {
	case command == nil:
		err = open(c.liveOptions(c.pids))
	case c.children:
		err = command.Attach(countableUnder(command), func(pid int) error { return open(c.familyOptions(command.PID(), pid)) }, launch.FamilyPatience)
	default:
		err = command.Attach(inspect.IsPython, func(pid int) error { return open(c.liveOptions([]int{pid})) }, launch.Patience)
	}
	return source, err
}

// headless writes readings to a stream, and draws nothing.
func headless(ctx context.Context, c config) (int, error) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // a closed pipe ends the run, not pytop; not ignored, since commands inherit that
	signals := make(chan os.Signal, 4)
	notify := func() { signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT) }
	if c.command != nil {
		notify() // before it starts: what comes meanwhile is its, too
		if ctx.Err() != nil {
			return exitFailure, errors.New("told to end before the command was started")
		}
	}
	command, err := c.begin(false)
	if err != nil {
		return exitFailure, err
	}
	if command != nil {
		defer command.Close()
		notify() // of those, too, that it was to inherit as ignored
		ctx = forward(signals, command)
	}
	var out func() error
	var write func(*collect.Snapshot) error
	source, err := c.attach(command, func() (err error) { // only now: no empty file is left when there is nothing to write
		out, write, err = c.writer()
		return err
	})
	if unwatched(err) {
		return command.Wait().Status(), nil
	}
	if err != nil {
		return exitFailure, err
	}
	defer source.Close()
	first, err := source.Read()
	if err != nil {
		return exitFailure, err
	}
	fmt.Fprintln(os.Stderr, readyLine(first))
	_, err = export.Run(ctx, source, export.RunOptions{
		Delay: c.delay, Count: c.count, Duration: c.duration, Ended: source.Ended(), Whole: c.whole(),
	}, write)
	detached, written := finish(source, command, out)
	if errors.Is(written, err) { // the run ended because of it: it is said once
		err = nil
	}
	if errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	if errors.Is(written, syscall.EPIPE) {
		written = nil
	}
	err = errors.Join(err, detached, written)
	switch {
	case c.verb == "demo": // it would run as long as pytop does
		_, ended := command.End(grace)
		return exitDone, errors.Join(err, ended)
	case command != nil && err == nil:
		return command.Wait().Status(), nil
	}
	return exitDone, err
}

// patience is how long a reader may take with what is left to write before
// pytop detaches first.
const patience = 200 * time.Millisecond

// finish writes what is left, and detaches. Where nothing else is waited for,
// pytop's end does the latter: see live.Source.Leave.
func finish(source *live.Source, command *launch.Command, out func() error) (detached, written error) {
	wrote := make(chan error, 1)
	if command == nil {
		go func() { wrote <- out() }()
		select {
		case written = <-wrote:
			return source.Leave(), written
		case <-time.After(patience):
		}
	}
	detached = source.Close()
	letGo(command) // from now on, what is written may wait for a reader: a signal ends that
	if command != nil {
		return detached, out()
	}
	return detached, <-wrote
}

// forward passes signals on to the command, whose end is then pytop's. Once it
// has ended, but not what it has started, a signal ends the context instead.
func forward(signals <-chan os.Signal, command *launch.Command) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for one := range signals {
			select {
			case <-command.Done():
				cancel()
				continue
			default:
			}
			if err := command.Forward(one.(syscall.Signal)); err != nil {
				complain(err.Error())
			}
		}
	}()
	return ctx
}

// letGo lets signals end pytop as they end any program, once there is no
// command that gets them.
func letGo(command *launch.Command) {
	reset := func() { signal.Reset(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT) }
	if command == nil {
		reset()
		return
	}
	go func() {
		<-command.Done()
		reset()
	}()
}

// mostReady is how many processes the ready line names.
const mostReady = 8

// readyLine says what is watched, how, and how exact it is.
func readyLine(r *collect.Reading) string {
	var parts []string
	for i, p := range r.Processes {
		if i == mostReady && len(r.Processes) > mostReady+1 {
			parts = append(parts, fmt.Sprintf("and %d more", len(r.Processes)-i))
			break
		}
		if p.Process.Python == "" {
			parts = append(parts, fmt.Sprintf("pid %d: not watched (%s)", p.Process.PID, p.Reason))
			continue
		}
		text := fmt.Sprintf("pid %d CPython %s", p.Process.PID, p.Process.Python)
		if p.Process.Build != "" {
			text += " " + p.Process.Build
		}
		text += ": calls " + string(p.Status)
		if p.Reason != "" {
			text += " (" + p.Reason + ")"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "pytop: ready: no CPython runs yet; those that start are watched"
	}
	text := strings.Join(parts, ", ")
	for _, p := range r.Probes {
		switch {
		case p.Status == collect.ProbeOn && p.Method != "":
			text += "; " + p.Method
		case p.Status == collect.ProbeFailed:
			text += "; " + p.Name + " failed: " + p.Reason
		}
	}
	return "pytop: ready " + oneLine(text)
}
