package pane

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
)

// Keys is the keys that mean the same in all panes. A pane's own keys are
// beside what they do.
var Keys = struct {
	Filter, Sort, SortBack, Digit, Reverse  key.Binding
	Up, Down, Top, Bottom, PageUp, PageDown key.Binding
	Enter, Escape                           key.Binding
}{
	Filter:   Bind("/", "filter as you type: a part of function or file, or of thread (GIL); ! first inverts", "/"),
	Sort:     Bind("s >", "sort by the next column", "s", ">"),
	SortBack: Bind("S <", "sort by the previous column", "S", "<"),
	Digit:    Bind("1…9", "sort by that column", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
	Reverse:  Bind("r", "reverse the order", "r"),
	Down:     Bind("j ↓", "cursor down; the first move makes the cursor appear", "j", "down"),
	Up:       Bind("k ↑", "cursor up", "k", "up"),
	PageDown: Bind("PgDn Ctrl-F", "a page down; where blame is open, of the stack", "pgdown", "ctrl+f"),
	PageUp:   Bind("PgUp Ctrl-B", "a page up; where blame is open, of the stack", "pgup", "ctrl+b"),
	Top:      Bind("g Home", "let the cursor go, and back to the top", "g", "home"),
	Bottom:   Bind("G End", "to the last row", "G", "end"),
	Enter:    Bind("Enter", "details of the function or thread under the cursor, or of the first in view", "enter"),
	Escape:   Bind("Esc", "close prompt, details, filter, in that order", "esc"),
}

// SharedKeys are the entries of Keys for the help page.
func SharedKeys() []Entry {
	var entries []Entry
	for i, b := range []key.Binding{
		Keys.Filter, Keys.Sort, Keys.SortBack, Keys.Digit, Keys.Reverse, Keys.Down, Keys.Up, Keys.PageDown, Keys.PageUp,
		Keys.Top, Keys.Bottom, Keys.Enter, Keys.Escape,
	} {
		entries = append(entries, KeyEntry(30+10*i, b))
	}
	return entries
}

// Bind makes a key: how it is shown, what it does, and its names.
func Bind(shown, help string, names ...string) key.Binding {
	return key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, help))
}

// KeyEntry is a key as an entry of the help page.
func KeyEntry(rank int, b key.Binding) Entry {
	return Entry{Rank: rank, Word: b.Help().Key, Meaning: b.Help().Desc}
}

// Far is past the end of every list.
const Far = 1 << 30

// Moves is by how many rows a key moves, a page being so many.
func Moves(msg tea.KeyPressMsg, page int) (int, bool) {
	switch {
	case key.Matches(msg, Keys.Up):
		return -1, true
	case key.Matches(msg, Keys.Down):
		return 1, true
	case key.Matches(msg, Keys.PageUp):
		return -page, true
	case key.Matches(msg, Keys.PageDown):
		return page, true
	case key.Matches(msg, Keys.Top):
		return -Far, true
	case key.Matches(msg, Keys.Bottom):
		return Far, true
	}
	return 0, false
}

// IsPage tells whether a key moves by a page.
func IsPage(msg tea.KeyPressMsg) bool { return key.Matches(msg, Keys.PageUp, Keys.PageDown) }

// Short is a key in the key bar. The highest rank leaves first; 0 stays.
type Short struct {
	Sign, Word string
	Rank       int
}

// InBar makes a key of the key bar.
func InBar(sign, word string, rank int) Short { return Short{sign, word, rank} }

// DefaultBar is the key bar of most panes.
func DefaultBar(g *format.Signs) []Short {
	return []Short{
		{"?", "help", 0}, {"/", "filter", 3}, {"s", "sort", 4}, {"r", "reverse", 8}, {g.Enter, "details", 5}, {g.Space, "pause", 6},
		{"e", "export", 7}, {"x", "brake", 2}, {"z", "zoom", 10}, {g.Tab, "pane", 9}, {"q", "quit", 1},
	}
}
