// Package tui is the screen: what is measured, drawn for a terminal, live.
// It imports collect and nothing lower.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/pane"
)

// Options is what the screen shows, and how.
type Options struct {
	// Source gives the readings. When it implements collect.Controls, the
	// brake, Ctrl-Z, the budget's question and calls by thread work.
	// Closing it is the caller's.
	Source collect.Source
	// Open opens a source while the screen says "attaching…"; for a nil
	// Source. Run returns what it opened in Result.Source, to be closed by the
	// caller, and its error.
	Open func(context.Context) (collect.Source, error)

	// List lists the processes that can be watched, attaching nothing: the
	// screen begins with it, and comes back to it. Closing it is the caller's.
	List collect.Source
	// Watch opens a source on processes that were chosen from List, which the
	// screen closes when it goes back to the list; else as Open.
	Watch func(ctx context.Context, pids []int) (collect.Source, error)

	Delay  time.Duration // between readings; 0: 1 s
	Top    int           // rows of the functions pane before it scrolls; 0: 20
	Sort   string        // a field of the JSON (SortFields); empty: calls_per_s
	Filter string
	ASCII  bool          // only ASCII signs
	Count  int           // readings after which it quits, the first not counted; 0: it stays
	After  time.Duration // after which it quits, from the first reading on; 0: it stays

	// JobControl tells whether Ctrl-Z can suspend the screen and a shell wake
	// it; nil: it can.
	JobControl func() bool

	// Export writes a snapshot to files and says which.
	Export func(*collect.Snapshot) (Written, error)
	// ExportTo is Export in chosen formats ("json", "csv") and a directory.
	ExportTo  func(s *collect.Snapshot, formats []string, dir string) (Written, error)
	ExportDir string // what ExportTo is offered first; empty: "."

	Command string // what pytop started, for the question at quit; empty: nothing
	Log     Log    // what it wrote; nil: there is no log pane

	Version string

	// Input and Output replace the terminal in tests.
	Input  io.Reader
	Output io.Writer
}

// Log is the output of the command that pytop started.
type Log = pane.Log

// Written is the files that a snapshot was written to.
type Written struct {
	Paths []string
	// Refused says why they are elsewhere than was wanted; nil if they are not.
	Refused error
}

// QuitChoice is what becomes of a command that pytop started.
type QuitChoice string

// The answers to the question at quit.
const (
	QuitNone  QuitChoice = ""      // there was no question: nothing was started, or it ended
	QuitWait  QuitChoice = "wait"  // until it ends
	QuitLeave QuitChoice = "leave" // running
	QuitEnd   QuitChoice = "end"   // it
)

// Result is how the screen was left.
type Result struct {
	// Last is the last snapshot, also when a pause hid it; nil when there was
	// none.
	Last    *collect.Snapshot
	Source  collect.Source // what was read, also when Options.Open opened it
	Quit    QuitChoice
	Signal  bool  // a signal or the context ended it, not a key
	Reading error // why the last reading is missing, if it is
	// Table is how the functions were ordered and filtered, for a last table.
	Table TableOptions
}

// patience is how long Run waits for the source to return after the screen
// closed: a recording may be waiting for its next reading.
const patience = 2 * time.Second

// Run shows the screen until the user leaves it, ctx is done, or a signal
// (INT, TERM, HUP) comes; the terminal is then as it was before.
func Run(ctx context.Context, o Options) (Result, error) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	m := New(o)
	m.context = ctx
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if o.Input != nil {
		options = append(options, tea.WithInput(o.Input))
	}
	if o.Output != nil {
		options = append(options, tea.WithOutput(o.Output))
	}
	_, err := tea.NewProgram(m, options...).Run()
	m.gate.close(patience)
	result := m.result()
	if err != nil && ctx.Err() != nil && !errors.Is(err, tea.ErrProgramPanic) {
		result.Signal, err = true, nil
	}
	if err != nil {
		return result, fmt.Errorf("draw the screen: %w", err)
	}
	return result, m.fatal
}
