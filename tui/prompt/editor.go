package prompt

import (
	"unicode"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/pane"
)

// editor is a line of text that is typed.
type editor struct {
	text []rune
	at   int // the place before which typing goes
}

func (e *editor) set(text string) {
	e.text = []rune(text)
	e.at = len(e.text)
}

func (e *editor) value() string { return string(e.text) }

// after is the text behind the place where typing goes.
func (e *editor) after() string { return string(e.text[e.at:]) }

func (e *editor) insert(text string) {
	var typed []rune
	for _, r := range text {
		if !unicode.IsControl(r) {
			typed = append(typed, r)
		}
	}
	e.text = append(e.text[:e.at], append(typed, e.text[e.at:]...)...)
	e.at += len(typed)
}

// remove takes out the text from a place to another.
func (e *editor) remove(from, to int) {
	from, to = max(0, from), min(to, len(e.text))
	e.text = append(e.text[:from], e.text[to:]...)
	e.at = from
}

// press edits with the keys of shells.
func (e *editor) press(msg tea.KeyPressMsg) {
	switch {
	case key.Matches(msg, typing.Back):
		e.remove(e.at-1, e.at)
	case key.Matches(msg, typing.Delete):
		e.remove(e.at, e.at+1)
	case key.Matches(msg, typing.Left):
		e.at = max(0, e.at-1)
	case key.Matches(msg, typing.Right):
		e.at = min(len(e.text), e.at+1)
	case key.Matches(msg, typing.Home):
		e.at = 0
	case key.Matches(msg, typing.End):
		e.at = len(e.text)
	case key.Matches(msg, typing.CutBefore):
		e.remove(0, e.at)
	case key.Matches(msg, typing.CutAfter):
		e.remove(e.at, len(e.text))
	case key.Matches(msg, typing.CutWord):
		from := e.at
		for from > 0 && e.text[from-1] == ' ' {
			from--
		}
		for from > 0 && e.text[from-1] != ' ' {
			from--
		}
		e.remove(from, e.at)
	default:
		e.insert(msg.Text)
	}
}

// typing is the keys of a line that is typed, those of shells.
var typing = struct {
	Back, Delete, Left, Right, Home, End, CutBefore, CutAfter, CutWord, Up, Down key.Binding
}{
	Back: pane.Bind("", "", "backspace", "ctrl+h"), Delete: pane.Bind("", "", "delete", "ctrl+d"),
	Left: pane.Bind("", "", "left", "ctrl+b"), Right: pane.Bind("", "", "right", "ctrl+f"),
	Home: pane.Bind("", "", "home", "ctrl+a"), End: pane.Bind("", "", "end", "ctrl+e"),
	CutBefore: pane.Bind("", "", "ctrl+u"), CutAfter: pane.Bind("", "", "ctrl+k"), CutWord: pane.Bind("", "", "ctrl+w"),
	Up: pane.Bind("", "", "up"), Down: pane.Bind("", "", "down"),
}
