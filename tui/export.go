package tui

import (
	"path"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
)

// exportFormats is what E offers, in turn.
var exportFormats = []struct {
	name    string
	formats []string
}{
	{"json and csv", []string{"json", "csv"}}, {"json", []string{"json"}}, {"csv", []string{"csv"}},
}

type exportMsg struct {
	Written
	err error
}

// export writes what is shown.
func (m *Model) export() tea.Cmd {
	s := m.Shown
	if s == nil || m.o.Export == nil {
		return m.Say("there is nothing to write yet")
	}
	return func() tea.Msg {
		written, err := m.o.Export(s)
		return exportMsg{written, err}
	}
}

// exportQuestion asks for a directory; Tab changes the format.
type exportQuestion struct {
	m      *Model
	format int // of exportFormats
}

func (q *exportQuestion) Press(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if !key.Matches(msg, keys.Pane) {
		return nil, false
	}
	q.format = (q.format + 1) % len(exportFormats)
	return nil, true
}

func (q *exportQuestion) Head() string { return "write " + exportFormats[q.format].name + " to " }

func (q *exportQuestion) Hint() string {
	dot := q.m.Signs.Dot
	return "Tab format" + dot + "Enter writes" + dot + "Esc closes"
}

func (q *exportQuestion) Typed(string) {}

func (q *exportQuestion) Enter(dir string) tea.Cmd {
	return q.m.exportTo(exportFormats[q.format].formats, dir)
}

// askExport asks what to write and where.
func (m *Model) askExport() tea.Cmd {
	if m.Shown == nil || m.o.ExportTo == nil {
		return m.Say("there is nothing to write yet")
	}
	m.exporting.m = m
	m.prompt.Ask(&m.exporting, m.o.ExportDir)
	return nil
}

func (m *Model) exportTo(formats []string, dir string) tea.Cmd {
	s := m.Shown
	m.o.ExportDir = dir
	return func() tea.Msg {
		written, err := m.o.ExportTo(s, formats, dir)
		return exportMsg{written, err}
	}
}

// exported says what was written.
func (m *Model) exported(msg exportMsg) tea.Cmd {
	if msg.err != nil {
		return m.Complain(format.Plain(msg.err.Error()))
	}
	text := "wrote " + fileNames(msg.Paths, m.Signs)
	if msg.Refused != nil {
		text += " instead: " + format.Plain(msg.Refused.Error())
	}
	return m.Say(text)
}

// fileNames is the first path, and what differs in the others' names.
func fileNames(paths []string, signs *format.Signs) string {
	if len(paths) == 0 {
		return "nothing"
	}
	stem := strings.TrimSuffix(paths[0], path.Ext(paths[0]))
	names := []string{format.Plain(paths[0])}
	for _, p := range paths[1:] {
		if rest, ok := strings.CutPrefix(p, stem); ok {
			p = signs.Ellipsis + rest
		}
		names = append(names, format.Plain(p))
	}
	return strings.Join(names, "  ")
}
