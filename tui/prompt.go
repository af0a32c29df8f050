package tui

import (
	"path"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
)

// promptKind is what is asked in the status line.
type promptKind int

const (
	promptNone promptKind = iota
	promptFilter
	promptThreads // filter them
	promptExport
	promptQuit
)

// prompt is a question in the status line.
type prompt struct {
	kind   promptKind
	input  editor
	format int // of exportFormats
}

// exportFormats is what E offers, in turn.
var exportFormats = []struct {
	name    string
	formats []string
}{
	{"json and csv", []string{"json", "csv"}}, {"json", []string{"json"}}, {"csv", []string{"csv"}},
}

func (p *prompt) open() bool { return p.kind != promptNone }

func (p *prompt) start(kind promptKind, text string) {
	p.kind = kind
	p.input.set(text)
}

func (p *prompt) close() { p.kind = promptNone }

// press edits or answers. Esc closes the prompt and nothing else.
func (p *prompt) press(m *Model, msg tea.KeyPressMsg) tea.Cmd {
	if key.Matches(msg, keys.Escape) {
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
	case promptFilter, promptThreads:
		if n, ok := arrow(msg); ok {
			if p.kind == promptThreads {
				m.moveThread(n, false)
			} else if t := m.table(); t != nil {
				t.Move(n, m.rowsInView())
			}
			return nil
		}
	}
	switch {
	case ctrlC:
		p.close()
		return m.askQuit()
	case key.Matches(msg, keys.Enter):
		kind := p.kind
		p.close()
		if kind == promptExport {
			return m.exportTo(exportFormats[p.format].formats, p.input.value())
		}
		return nil
	}
	p.input.press(msg)
	p.edited(m)
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
func (p *prompt) edited(m *Model) {
	switch p.kind {
	case promptFilter:
		m.setFilter(p.input.value())
	case promptThreads:
		m.filterThreads(p.input.value())
	}
}

// paste puts pasted text into a prompt that takes text.
func (p *prompt) paste(m *Model, msg tea.PasteMsg) {
	if p.kind == promptFilter || p.kind == promptThreads || p.kind == promptExport {
		p.input.insert(msg.Content)
		p.edited(m)
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
	case promptFilter, promptThreads:
		return "/"
	case promptExport:
		return "write " + exportFormats[p.format].name + " to "
	}
	return ""
}

// line draws the prompt.
func (p *prompt) line(m *Model, width int) string {
	st := m.styles
	if p.kind == promptQuit {
		return m.line(width, []piece{
			{text: shortCommand(m.o.Command), ink: st.bold, flex: true},
			{text: "still runs:", ink: st.plain, gap: " ", rank: 1},
			{text: "w", ink: st.title, gap: " "}, {text: "wait", ink: st.plain, gap: " "},
			{text: "l", ink: st.title, gap: "  "}, {text: "leave it", ink: st.plain, gap: " "},
			{text: "e", ink: st.title, gap: "  "}, {text: "end it", ink: st.plain, gap: " "},
			{text: "Esc", ink: st.title, gap: "  "}, {text: "stay", ink: st.plain, gap: " "},
		}, nil)
	}
	hint := "Enter closes" + m.signs.Dot + "Esc Esc clears"
	if p.kind == promptThreads {
		hint = format.Exactly(m.threads.Len()) + " of " + format.Exactly(m.threadsOf(m.shown)) + " threads" + m.signs.Dot + hint
	} else if p.kind == promptFilter {
		hint = m.matching() + m.signs.Dot + hint
	} else {
		hint = "Tab format" + m.signs.Dot + "Enter writes" + m.signs.Dot + "Esc closes"
	}
	return m.line(width,
		[]piece{{text: p.head(), ink: st.title}, {text: p.text(width) + " ", ink: st.bold}},
		[]piece{{text: hint, ink: st.dim, rank: 1}})
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
func (p *prompt) cursor(m *Model) (x int, ok bool) {
	if p.kind != promptFilter && p.kind != promptThreads && p.kind != promptExport {
		return 0, false
	}
	after := format.Plain(p.input.after())
	x = 1 + format.Width(p.head()) + format.Width(p.text(m.width)) - format.Width(after)
	return max(1, min(x, m.width-1)), true
}

// askExport asks what to write and where.
func (m *Model) askExport() tea.Cmd {
	if m.shown == nil || m.o.ExportTo == nil {
		return m.say("there is nothing to write yet")
	}
	m.prompt.start(promptExport, m.o.ExportDir)
	return nil
}

func (m *Model) exportTo(formats []string, dir string) tea.Cmd {
	s := m.shown
	m.o.ExportDir = dir
	return func() tea.Msg {
		written, err := m.o.ExportTo(s, formats, dir)
		return exportMsg{written, err}
	}
}

// exported says what was written.
func (m *Model) exported(msg exportMsg) tea.Cmd {
	if msg.err != nil {
		return m.complain(format.Plain(msg.err.Error()))
	}
	text := "wrote " + m.fileNames(msg.Paths)
	if msg.Refused != nil {
		text += " instead: " + format.Plain(msg.Refused.Error())
	}
	return m.say(text)
}

// fileNames is the first path, and what differs in the others' names.
func (m *Model) fileNames(paths []string) string {
	if len(paths) == 0 {
		return "nothing"
	}
	stem := strings.TrimSuffix(paths[0], path.Ext(paths[0]))
	names := []string{format.Plain(paths[0])}
	for _, p := range paths[1:] {
		if rest, ok := strings.CutPrefix(p, stem); ok {
			p = m.signs.Ellipsis + rest
		}
		names = append(names, format.Plain(p))
	}
	return strings.Join(names, "  ")
}

// askQuit leaves, or asks first what becomes of the command that pytop
// started.
func (m *Model) askQuit() tea.Cmd {
	if m.o.Command == "" || m.final() {
		return tea.Quit
	}
	m.helpOpen = false
	m.prompt.kind = promptQuit
	return nil
}

func (m *Model) quitWith(choice QuitChoice) tea.Cmd {
	m.prompt.close()
	m.quit = choice
	return tea.Quit
}

// threadsByCalls is threads, most calls first.
func threadsByCalls(threads []collect.ThreadCount) []collect.ThreadCount {
	out := slices.Clone(threads)
	slices.SortStableFunc(out, func(a, b collect.ThreadCount) int {
		x, y := a.Calls+a.Resumes, b.Calls+b.Resumes
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return a.TID - b.TID
	})
	return out
}
