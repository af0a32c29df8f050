package panetest

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// Frame is the frame around one pane, which has all lines of the screen.
type Frame struct {
	*pane.Screen
	said []string
}

// New makes a screen for a pane, of a source that is watched.
func New(t testing.TB, width, height int) *Frame {
	t.Helper()
	f := &Frame{}
	f.Screen = &pane.Screen{
		Frame: f, Watched: &pane.Watched{}, Signs: &format.Unicode, Styles: pane.NewStyles(true, colorprofile.TrueColor),
		Now: time.Now, Width: width, Height: height, Chosen: pane.Chosen{Top: 20},
	}
	return f
}

// Show puts a snapshot on the screen, and into the pane.
func (f *Frame) Show(p pane.Pane, s *collect.Snapshot) {
	f.Shown, f.Latest, f.Active = s, s, p
	p.Take(s)
}

// Say keeps what is said.
func (f *Frame) Say(text string) tea.Cmd { f.said = append(f.said, text); return nil }

// Complain keeps what is said.
func (f *Frame) Complain(text string) tea.Cmd { return f.Say(text) }

// Lines is all that there are.
func (f *Frame) Lines(pane.Pane) int { return f.Height }

// Activate makes a pane the active one.
func (f *Frame) Activate(p pane.Pane) { f.Active = p }

// ShowOnly shows one process.
func (f *Frame) ShowOnly(p *collect.Process) { f.Only = p; f.Active.Take(f.Shown) }

// AskFilter does not ask.
func (f *Frame) AskFilter(pane.Filtered) {}

// Told is nothing: there is no other pane.
func (f *Frame) Told(*collect.Code, int, int) []string { return nil }

// Ask asks nothing.
func (f *Frame) Ask(pane.Task) tea.Cmd { return nil }

// Force attaches nothing.
func (f *Frame) Force(time.Time) tea.Cmd { return nil }

// Beside runs as a command.
func (f *Frame) Beside(do func() tea.Msg) tea.Cmd { return do }

// Watch opens nothing.
func (f *Frame) Watch([]int) tea.Cmd { return nil }
