package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
	"pytop/tui/pane"
)

// promptKind is what is asked in the status line.
type promptKind int

const (
	promptNone promptKind = iota
	promptFilter
	promptExport
	promptQuit
)

// prompt is a question in the status line.
type prompt struct {
	kind   promptKind
	input  editor
	of     pane.Filtered // whose rows are filtered
	format int           // of exportFormats
}

func (p *prompt) open() bool { return p.kind != promptNone }

func (p *prompt) close() { p.kind = promptNone }

func (p *prompt) ask(kind promptKind, text string) {
	p.kind = kind
	p.input.set(text)
}

// askFilter asks for a filter, and applies it as one types.
func (p *prompt) askFilter(of pane.Filtered) {
	p.of = of
	p.ask(promptFilter, of.FilterText())
}

// press edits or answers. Esc closes the prompt and nothing else.
func (p *prompt) press(m *Model, msg tea.KeyPressMsg) tea.Cmd {
	if key.Matches(msg, pane.Keys.Escape) {
		p.close()
		return nil
	}
	ctrlC := key.Matches(msg, typing.Interrupt)
	switch p.kind {
	case promptQuit:
		return p.answerQuit(m, msg, ctrlC)
	case promptExport:
		if key.Matches(msg, keys.Pane) {
			p.format = (p.format + 1) % len(exportFormats)
			return nil
		}
	case promptFilter:
		if n, ok := arrow(msg); ok {
			p.of.Step(n)
			return nil
		}
	}
	switch {
	case ctrlC:
		p.close()
		return m.askQuit()
	case key.Matches(msg, pane.Keys.Enter):
		kind := p.kind
		p.close()
		if kind == promptExport {
			return m.exportTo(exportFormats[p.format].formats, p.input.value())
		}
		return nil
	}
	p.input.press(msg)
	p.edited()
	return nil
}

// arrow moves in the rows while the filter is typed.
func arrow(msg tea.KeyPressMsg) (int, bool) {
	switch {
	case key.Matches(msg, typing.Up):
		return -1, true
	case key.Matches(msg, typing.Down):
		return 1, true
	}
	return 0, false
}

// edited applies what was typed.
func (p *prompt) edited() {
	if p.kind == promptFilter {
		p.of.SetFilter(p.input.value())
	}
}

// typed tells whether the prompt takes text.
func (p *prompt) typed() bool { return p.kind == promptFilter || p.kind == promptExport }

// paste puts pasted text into a prompt that takes text.
func (p *prompt) paste(msg tea.PasteMsg) {
	if p.typed() {
		p.input.insert(msg.Content)
		p.edited()
	}
}

func (p *prompt) answerQuit(m *Model, msg tea.KeyPressMsg, ctrlC bool) tea.Cmd {
	switch {
	case key.Matches(msg, keys.Wait):
		return m.quitWith(QuitWait)
	case key.Matches(msg, keys.Leave), ctrlC:
		return m.quitWith(QuitLeave)
	case key.Matches(msg, keys.End):
		return m.quitWith(QuitEnd)
	}
	return nil
}

// head is what stands before the text that is typed.
func (p *prompt) head() string {
	switch p.kind {
	case promptFilter:
		return "/"
	case promptExport:
		return "write " + exportFormats[p.format].name + " to "
	}
	return ""
}

// line draws the prompt.
func (p *prompt) line(s *pane.Screen) string {
	st := s.Styles
	if p.kind == promptQuit {
		return s.Line(s.Width, []pane.Piece{
			{Text: pane.ShortCommand(s.Command), Ink: st.Bold, Flex: true},
			{Text: "still runs:", Ink: st.Plain, Gap: " ", Rank: 1},
			{Text: "w", Ink: st.Title, Gap: " "}, {Text: "wait", Ink: st.Plain, Gap: " "},
			{Text: "l", Ink: st.Title, Gap: "  "}, {Text: "leave it", Ink: st.Plain, Gap: " "},
			{Text: "e", Ink: st.Title, Gap: "  "}, {Text: "end it", Ink: st.Plain, Gap: " "},
			{Text: "Esc", Ink: st.Title, Gap: "  "}, {Text: "stay", Ink: st.Plain, Gap: " "},
		}, nil)
	}
	hint := "Tab format" + s.Signs.Dot + "Enter writes" + s.Signs.Dot + "Esc closes"
	if p.kind == promptFilter {
		hint = p.of.Matching() + s.Signs.Dot + "Enter closes" + s.Signs.Dot + "Esc Esc clears"
	}
	return s.Line(s.Width,
		[]pane.Piece{{Text: p.head(), Ink: st.Title}, {Text: p.text(s.Width) + " ", Ink: st.Bold}},
		[]pane.Piece{{Text: hint, Ink: st.Dim, Rank: 1}})
}

// text is as much of what was typed as there is room for, its end.
func (p *prompt) text(width int) string {
	text := format.Plain(p.input.value())
	room := width - format.Width(p.head()) - 4
	if w := format.Width(text); w > room {
		return format.TailOf(text, room)
	}
	return text
}

// cursor is where the terminal's cursor stands while text is typed.
func (p *prompt) cursor(width int) (x int, ok bool) {
	if !p.typed() {
		return 0, false
	}
	after := format.Plain(p.input.after())
	x = 1 + format.Width(p.head()) + format.Width(p.text(width)) - format.Width(after)
	return max(1, min(x, width-1)), true
}

// askQuit leaves, or asks first what becomes of the command that pytop started.
func (m *Model) askQuit() tea.Cmd {
	if m.Command == "" || m.Final() {
		return tea.Quit
	}
	m.help.open = false
	m.prompt.kind = promptQuit
	return nil
}

func (m *Model) quitWith(choice QuitChoice) tea.Cmd {
	m.prompt.close()
	m.quit = choice
	return tea.Quit
}
