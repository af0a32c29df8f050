package tui

import "charm.land/bubbles/v2/key"

// keys is every key of the screen, with its word on the help page.
type keyMap struct {
	Help, Quit, Filter, Sort, SortBack, Reverse, Digit key.Binding
	Pause, Pane, PaneBack, Zoom, Enter, Escape         key.Binding
	Export, ExportTo, Longer, Shorter, Reset, Brake    key.Binding
	Mouse, Up, Down, Top, Bottom, PageUp, PageDown     key.Binding
	Suspend, Group, Mark, Blame, Counts                key.Binding
	Wait, Leave, End                                   key.Binding // answers to: quit, and the command?
}

var keys = keyMap{
	Help:     bind("? h", "this page", "?", "h", "f1"),
	Quit:     bind("q Ctrl-C", "quit", "q", "ctrl+c"),
	Filter:   bind("/", "filter as you type: a part of function or file, or of thread (GIL); ! first inverts", "/"),
	Sort:     bind("s >", "sort by the next column", "s", ">"),
	SortBack: bind("S <", "sort by the previous column", "S", "<"),
	Reverse:  bind("r", "reverse the order", "r"),
	Digit:    bind("1…9", "sort by that column", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
	Pause:    bind("space p", "pause: the screen stands still; counting and its cost go on", "space", "p"),
	Pane:     bind("Tab", "next pane", "tab"),
	PaneBack: bind("Shift-Tab", "previous pane", "shift+tab"),
	Zoom:     bind("z", "the pane alone, and back", "z"),
	Enter:    bind("Enter", "details of the function or thread under the cursor, or of the first in view", "enter"),
	Escape:   bind("Esc", "close prompt, details, filter, in that order", "esc"),
	Export:   bind("e", "write what is shown to files, now", "e"),
	ExportTo: bind("E", "choose the format and the directory, then write", "E"),
	Longer:   bind("+", "longer interval, up to 60 s", "+", "="),
	Shorter:  bind("-", "shorter interval, down to 0.1 s", "-"),
	Reset:    bind("R", "totals from now", "R"),
	Brake:    bind("x", "brake: take every probe away at once; again: attach", "x"),
	Mouse:    bind("m", "mouse on or off: off, the terminal's own copying works", "m"),
	Up:       bind("k ↑", "cursor up", "k", "up"),
	Down:     bind("j ↓", "cursor down; the first move makes the cursor appear", "j", "down"),
	Top:      bind("g Home", "let the cursor go, and back to the top", "g", "home"),
	Bottom:   bind("G End", "to the last row", "G", "end"),
	PageUp:   bind("PgUp Ctrl-B", "a page up; where blame is open, of the stack", "pgup", "ctrl+b"),
	PageDown: bind("PgDn Ctrl-F", "a page down; where blame is open, of the stack", "pgdown", "ctrl+f"),
	Suspend:  bind("Ctrl-Z", "take every probe away and suspend; back in the foreground they are attached again", "ctrl+z"),
	Group:    bind("P", "functions of all processes together, or of each", "P"),
	Blame:    bind("b", "blame: the functions that made others wait for the GIL, and their stacks; also Enter on the line below the threads, or a click", "b"),
	Counts:   bind("c", "in the GIL pane: switches a second, or in all", "c"),
	Mark:     bind("space", "in the list of processes: mark it; Enter watches all that are marked", "space"),
	Wait:     bind("w", "wait for it", "w"),
	Leave:    bind("l", "leave it running", "l"),
	End:      bind("e", "end it", "e"),
}

// typing is the keys of a line that is typed, those of shells.
var typing = struct {
	Back, Delete, Left, Right, Home, End, CutBefore, CutAfter, CutWord, Up, Down, Interrupt key.Binding
}{
	Back: bind("", "", "backspace", "ctrl+h"), Delete: bind("", "", "delete", "ctrl+d"),
	Left: bind("", "", "left", "ctrl+b"), Right: bind("", "", "right", "ctrl+f"),
	Home: bind("", "", "home", "ctrl+a"), End: bind("", "", "end", "ctrl+e"),
	CutBefore: bind("", "", "ctrl+u"), CutAfter: bind("", "", "ctrl+k"), CutWord: bind("", "", "ctrl+w"),
	Up: bind("", "", "up"), Down: bind("", "", "down"), Interrupt: bind("", "", "ctrl+c"),
}

func bind(shown, help string, names ...string) key.Binding {
	return key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, help))
}

// short is a key in the key bar.
type short struct{ sign, word string }
