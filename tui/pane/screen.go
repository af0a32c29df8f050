package pane

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
)

// Screen is what the frame lends to panes: they read it, and the frame alone
// writes it.
type Screen struct {
	Frame
	*Watched

	Signs  *format.Signs
	Styles *Styles
	Now    func() time.Time

	Width, Height int
	Active        Pane
	Zoomed        bool // the active pane has the screen for itself
	Printed       bool // as a table: nobody presses keys

	Chosen
}

// Chosen is what was chosen when pytop was started.
type Chosen struct {
	Top     int    // rows of the first pane before it scrolls
	Sort    string // a field of the JSON; empty: the default
	Rising  bool   // smallest first
	Filter  string
	Command string // what pytop started; empty: nothing
	Log     Log    // what it wrote; nil: nothing is kept
}

// Log is the output of the command that pytop started.
type Log interface {
	// Tail returns the last n lines, oldest first, as they were written: not
	// sanitised. All that are kept if n is negative.
	Tail(n int) []string
	// Dropped is how many lines before are no longer kept.
	Dropped() uint64
}

// Watched is what panes know of the source that is read. Another source has
// another one.
type Watched struct {
	Source  collect.Source // nil: it is being opened
	Listing bool           // it is the list of processes: nothing is attached
	Opening int            // processes that are being attached to

	Shown  *collect.Snapshot // on the screen; nil: none yet
	Latest *collect.Snapshot // also while a pause hides it
	Base   *collect.Reading  // totals count from here; nil: from the start
	Only   *collect.Process  // the process that was chosen; nil: all are shown
	Paused bool

	Doing  string    // what is asked of the source, in words; empty: nothing
	Braked time.Time // since when the user's brake is on; zero: it is off
	Gaps   []Gap
}

// Final tells whether the last snapshot has come.
func (w *Watched) Final() bool { return w.Latest != nil && w.Latest.Final }

// Several tells whether there is, or was, more than one process; resetting
// totals does not change that.
func (w *Watched) Several() bool {
	return w.Shown != nil && (len(w.Shown.Processes) != 1 || len(w.Shown.Past) > 0 || w.Base != nil && len(w.Base.Past) > 0)
}

// Controls is nil when the source has none: a recording, a demo.
func (w *Watched) Controls() collect.Controls {
	c, _ := w.Source.(collect.Controls)
	return c
}

// Frame is what a pane may ask of the frame around it.
type Frame interface {
	// Say and Complain set the status line for a while.
	Say(text string) tea.Cmd
	Complain(text string) tea.Cmd

	// Lines is how many lines a pane has now; 0: it is not drawn.
	Lines(p Pane) int
	// Activate makes a pane the active one; nil: the first that is there.
	Activate(p Pane)
	// ShowOnly shows one process; nil: all.
	ShowOnly(p *collect.Process)
	// AskFilter asks for a filter, and applies it as one types.
	AskFilter(f Filtered)
	// Told is what all panes know about a function.
	Told(code *collect.Code, width, height int) []string

	// Ask asks something of the source, after what was asked before; a source
	// without controls is asked nothing.
	Ask(t Task) tea.Cmd
	// Force attaches whatever it costs; calls were not counted since then.
	Force(since time.Time) tea.Cmd
	// Beside runs beside the screen, while the source is open.
	Beside(f func() tea.Msg) tea.Cmd
	// Watch opens a source on processes of the list.
	Watch(pids []int) tea.Cmd
}

// Task is one thing asked of a source.
type Task struct {
	Doing string // in words, for the header; empty: nothing to tell
	Do    func(collect.Controls) error
	Done  func() tea.Cmd // when it went well; nil: nothing
}
