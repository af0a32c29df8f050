package tui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/pane"
	"pytop/tui/prompt"
)

// filterQuestion asks for the filter of a pane's rows.
type filterQuestion struct {
	*pane.Screen
	of pane.Filtered
}

// Press moves in the rows while the filter is typed.
func (q filterQuestion) Press(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	n, ok := prompt.Arrow(msg)
	if ok {
		q.of.Step(n)
	}
	return nil, ok
}

func (q filterQuestion) Head() string         { return "/" }
func (q filterQuestion) Typed(text string)    { q.of.SetFilter(text) }
func (q filterQuestion) Enter(string) tea.Cmd { return nil }

func (q filterQuestion) Hint() string {
	return q.of.Matching() + q.Signs.Dot + "Enter closes" + q.Signs.Dot + "Esc Esc clears"
}

// quitQuestion asks what becomes of the command that pytop started.
type quitQuestion struct{ m *Model }

// askQuit leaves, or asks first what becomes of the command that pytop started.
func (m *Model) askQuit() tea.Cmd {
	if m.Command == "" || m.Final() {
		return tea.Quit
	}
	m.help.open = false
	m.prompt.Choose(quitQuestion{m})
	return nil
}

func (q quitQuestion) Press(msg tea.KeyPressMsg) tea.Cmd {
	for _, c := range []struct {
		key    key.Binding
		choice QuitChoice
	}{{keys.Wait, QuitWait}, {keys.Leave, QuitLeave}, {keys.Interrupt, QuitLeave}, {keys.End, QuitEnd}} {
		if key.Matches(msg, c.key) {
			q.m.prompt.Close()
			q.m.quit = c.choice
			return tea.Quit
		}
	}
	return nil
}

func (q quitQuestion) Pieces() []pane.Piece {
	st := q.m.Styles
	return []pane.Piece{
		{Text: pane.ShortCommand(q.m.Command), Ink: st.Bold, Flex: true},
		{Text: "still runs:", Ink: st.Plain, Gap: " ", Rank: 1},
		{Text: "w", Ink: st.Title, Gap: " "}, {Text: "wait", Ink: st.Plain, Gap: " "},
		{Text: "l", Ink: st.Title, Gap: "  "}, {Text: "leave it", Ink: st.Plain, Gap: " "},
		{Text: "e", Ink: st.Title, Gap: "  "}, {Text: "end it", Ink: st.Plain, Gap: " "},
		{Text: "Esc", Ink: st.Title, Gap: "  "}, {Text: "stay", Ink: st.Plain, Gap: " "},
	}
}
