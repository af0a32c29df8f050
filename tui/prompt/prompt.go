// Package prompt asks a question in the status line: for a text, or for a key.
package prompt

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
	"pytop/tui/pane"
)

// Question asks for a text.
type Question interface {
	// Press takes a key that is not for the text; false: it is.
	Press(msg tea.KeyPressMsg) (tea.Cmd, bool)
	// Head stands before the text, Hint at the right.
	Head() string
	Hint() string
	// Typed is told the text while it is typed, Enter when it is done.
	Typed(text string)
	Enter(text string) tea.Cmd
}

// Choice asks for a key.
type Choice interface {
	Press(msg tea.KeyPressMsg) tea.Cmd
	Pieces() []pane.Piece
}

// Prompt is a question in the status line; its zero value asks nothing.
type Prompt struct {
	question Question
	choice   Choice
	input    editor
}

// Ask asks for a text, which is text at first.
func (p *Prompt) Ask(q Question, text string) {
	p.question, p.choice = q, nil
	p.input.set(text)
}

// Choose asks for a key.
func (p *Prompt) Choose(c Choice) { p.question, p.choice = nil, c }

// Close asks nothing any more.
func (p *Prompt) Close() { p.question, p.choice = nil, nil }

// Open tells whether something is asked, Typing whether it is a text.
func (p *Prompt) Open() bool { return p.question != nil || p.choice != nil }

// Typing tells whether a text is asked for.
func (p *Prompt) Typing() bool { return p.question != nil }

// Press edits or answers. Esc closes the prompt and nothing else.
func (p *Prompt) Press(msg tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(msg, pane.Keys.Escape):
		p.Close()
		return nil
	case p.choice != nil:
		return p.choice.Press(msg)
	}
	q := p.question
	if cmd, done := q.Press(msg); done {
		return cmd
	}
	if key.Matches(msg, pane.Keys.Enter) {
		p.Close()
		return q.Enter(p.input.value())
	}
	p.input.press(msg)
	q.Typed(p.input.value())
	return nil
}

// Paste puts pasted text into the text.
func (p *Prompt) Paste(msg tea.PasteMsg) {
	if p.Typing() {
		p.input.insert(msg.Content)
		p.question.Typed(p.input.value())
	}
}

// Arrow is by how many rows a key moves that is not for the text.
func Arrow(msg tea.KeyPressMsg) (int, bool) {
	switch {
	case key.Matches(msg, typing.Up):
		return -1, true
	case key.Matches(msg, typing.Down):
		return 1, true
	}
	return 0, false
}

// Line draws the prompt.
func (p *Prompt) Line(s *pane.Screen) string {
	if p.choice != nil {
		return s.Line(s.Width, p.choice.Pieces(), nil)
	}
	return s.Line(s.Width,
		[]pane.Piece{{Text: p.question.Head(), Ink: s.Styles.Title}, {Text: p.text(s.Width) + " ", Ink: s.Styles.Bold}},
		[]pane.Piece{{Text: p.question.Hint(), Ink: s.Styles.Dim, Rank: 1}})
}

// text is as much of what was typed as there is room for, its end.
func (p *Prompt) text(width int) string {
	text := format.Plain(p.input.value())
	room := width - format.Width(p.question.Head()) - 4
	if w := format.Width(text); w > room {
		return format.TailOf(text, room)
	}
	return text
}

// Cursor is where the terminal's cursor stands while text is typed.
func (p *Prompt) Cursor(width int) (x int, ok bool) {
	if !p.Typing() {
		return 0, false
	}
	after := format.Plain(p.input.after())
	x = 1 + format.Width(p.question.Head()) + format.Width(p.text(width)) - format.Width(after)
	return max(1, min(x, width-1)), true
}
