package tui

import (
	"charm.land/bubbles/v2/key"

	"pytop/tui/pane"
)

// keys is every key of the frame, with its word on the help page. Those of all
// panes are in tui/pane, a pane's own beside it.
var keys = struct {
	Help, Quit, Pause, Brake, Longer, Shorter, Reset key.Binding
	Export, ExportTo, Pane, PaneBack, Zoom           key.Binding
	Mouse, Suspend, Interrupt                        key.Binding
	Wait, Leave, End                                 key.Binding // answers to: quit, and the command?
}{
	Help:      pane.Bind("? h", "this page", "?", "h", "f1"),
	Quit:      pane.Bind("q Ctrl-C", "quit", "q", "ctrl+c"),
	Pause:     pane.Bind("space p", "pause: the screen stands still; counting and its cost go on", "space", "p"),
	Brake:     pane.Bind("x", "brake: take every probe away at once; again: attach", "x"),
	Longer:    pane.Bind("+", "longer interval, up to 60 s", "+", "="),
	Shorter:   pane.Bind("-", "shorter interval, down to 0.1 s", "-"),
	Reset:     pane.Bind("R", "totals from now", "R"),
	Export:    pane.Bind("e", "write what is shown to files, now", "e"),
	ExportTo:  pane.Bind("E", "choose the format and the directory, then write", "E"),
	Pane:      pane.Bind("Tab", "next pane", "tab"),
	PaneBack:  pane.Bind("Shift-Tab", "previous pane", "shift+tab"),
	Zoom:      pane.Bind("z", "the pane alone, and back", "z"),
	Mouse:     pane.Bind("m", "mouse on or off: off, the terminal's own copying works", "m"),
	Suspend:   pane.Bind("Ctrl-Z", "take every probe away and suspend; back in the foreground they are attached again", "ctrl+z"),
	Interrupt: pane.Bind("", "", "ctrl+c"),
	Wait:      pane.Bind("w", "wait for it", "w"),
	Leave:     pane.Bind("l", "leave it running", "l"),
	End:       pane.Bind("e", "end it", "e"),
}

// keyEntries are the keys of the help page, but for the panes' own.
func keyEntries() []pane.Entry {
	entries := append(pane.SharedKeys(), pane.KeyEntry(10, keys.Help), pane.KeyEntry(20, keys.Quit))
	for i, b := range []key.Binding{
		keys.Pause, keys.Brake, keys.Longer, keys.Shorter, keys.Reset, keys.Export, keys.ExportTo, keys.Pane, keys.PaneBack, keys.Zoom,
	} {
		entries = append(entries, pane.KeyEntry(160+10*i, b))
	}
	return append(entries, pane.KeyEntry(900, keys.Mouse), pane.KeyEntry(910, keys.Suspend),
		pane.Entry{Rank: 920, Word: "mouse", Meaning: "a click on a column's title sorts, on a row moves the cursor there, again opens it; the wheel scrolls"})
}
