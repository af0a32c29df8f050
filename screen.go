package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"pytop/collect"
	"pytop/collect/export"
	"pytop/collect/launch"
	"pytop/collect/live"
	"pytop/collect/live/inspect"
	"pytop/collect/proc"
	"pytop/tui"
	"pytop/tui/format"
)

// grace is how long a command that is to end may take to tidy up.
const grace = 5 * time.Second

// screen draws until the user leaves it.
func screen(ctx context.Context, c config) (int, error) {
	command, err := c.begin(true)
	if err != nil {
		return exitFailure, err
	}
	o := c.screenOptions(command)
	result, err := tui.Run(ctx, o)
	if o.List != nil {
		err = errors.Join(err, o.List.Close())
	}
	source, watched := result.Source.(*live.Source)
	switch {
	case watched && command == nil: // nothing else is waited for
		return exitDone, errors.Join(err, source.Leave())
	case result.Source != nil:
		err = errors.Join(err, result.Source.Close())
	}
	if command == nil {
		return exitDone, err
	}
	defer command.Close()
	ended := result.Last != nil && result.Last.Final
	if c.verb == "demo" {
		result.Quit = tui.QuitEnd
	}
	status, err := leave(ctx, command, result, err)
	if c.verb == "demo" && err == nil && !ended { // by pytop
		status = exitDone
	}
	return status, err
}

func (c *config) screenOptions(command *launch.Command) tui.Options {
	save := func(s *collect.Snapshot, formats []export.Format, dir string) (tui.Written, error) {
		saved, err := export.Save(dir, stateDir(), s, formats, export.Options{Version: version}, owner())
		if noSpace(err) {
			err = fmt.Errorf("%w; %s", err, adviceSpace)
		}
		return tui.Written{Paths: saved.Paths, Refused: saved.Refused}, err
	}
	o := tui.Options{
		Open: func(context.Context) (collect.Source, error) {
			source, err := c.attach(command, func() error { return nil })
			if err != nil {
				return nil, err // not a nil *live.Source
			}
			return source, nil
		},
		Delay: c.delay, Top: c.top, Sort: c.sort, Filter: c.filter, ASCII: c.ascii, Count: c.count, After: c.duration, Version: version, ExportDir: c.exportDir,
		JobControl: proc.System().JobControl,
		Export: func(s *collect.Snapshot) (tui.Written, error) {
			return save(s, []export.Format{export.JSON, export.CSV}, c.exportDir)
		},
		ExportTo: func(s *collect.Snapshot, formats []string, dir string) (tui.Written, error) {
			var list []export.Format
			for _, one := range formats {
				list = append(list, export.Format(one))
			}
			return save(s, list, dir)
		},
	}
	if c.listing() {
		o.Open, o.List = nil, inspect.OpenLister(c.liveOptions(nil).Cache)
		o.Watch = func(_ context.Context, pids []int) (collect.Source, error) {
			source, err := live.Open(c.liveOptions(pids))
			if err != nil {
				return nil, err // not a nil *live.Source
			}
			return source, nil
		}
	}
	if command != nil && c.verb != "demo" { // the demo has nothing to say, and ends with pytop
		o.Command, o.Log = strings.Join(c.command, " "), command.Log()
	}
	return o
}

// leave does what was chosen for the command when the screen was left, and
// returns the command's status once it has ended.
func leave(ctx context.Context, command *launch.Command, result tui.Result, err error) (int, error) {
	switch {
	case unwatched(err):
	case err != nil: // pytop's failure is no reason to end it
		runsOn(command)
		return exitFailure, err
	case result.Quit == tui.QuitLeave && runsOn(command):
		return exitDone, nil
	case result.Quit == tui.QuitEnd || result.Signal:
		if _, err := command.End(grace); err != nil {
			return exitFailure, err
		}
	}
	status, err := await(ctx, command)
	if err != nil {
		return exitFailure, err
	}
	log := command.Log()
	if words := dropped(log); words != "" {
		complain(words)
	}
	_, err = log.WriteTo(os.Stdout)
	return status, err
}

// dropped says what of a command's output does not follow; empty: all does.
func dropped(log *launch.Log) string {
	lines, bytes := log.Dropped(), log.Skipped()
	switch {
	case bytes > 0:
		return fmt.Sprintf("of its output only the last %d lines are kept; %s and %d lines before them are not", len(log.Tail(-1)), format.Bytes(bytes), lines)
	case lines > 0:
		return fmt.Sprintf("of its output the first %d lines are no longer kept", lines)
	}
	return ""
}

// runsOn leaves a command and says so; false when it has ended.
func runsOn(command *launch.Command) bool {
	path := command.Leave()
	if path == "" {
		return false
	}
	complain(fmt.Sprintf("%v runs on; its output goes to %s", command, path))
	return true
}

// await waits for a command's end, or ends it when ctx is done.
func await(ctx context.Context, command *launch.Command) (int, error) {
	select {
	case <-command.Done():
		return command.Wait().Status(), nil
	default:
	}
	complain(fmt.Sprintf("waiting for %v, whose output then follows; Ctrl-C ends it", command))
	select {
	case <-command.Done():
		return command.Wait().Status(), nil
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr) // after ^C
		end, err := command.End(grace)
		return end.Status(), err
	}
}
