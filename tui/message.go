package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/tui/pane"
)

// A message stands in the status line for so long, and a long one for as long
// as it takes to read it.
const (
	messageTime = 6 * time.Second
	timeToRead  = time.Second / 12 // a letter
)

// message is what the status line says instead of the keys, for a while.
type message struct {
	text   string
	bad    bool
	number int
}

type forgetMsg int

func (s *message) set(text string, bad bool) tea.Cmd {
	s.text, s.bad = text, bad
	s.number++
	number := forgetMsg(s.number)
	return tea.Tick(max(messageTime, time.Duration(len(text))*timeToRead), func(time.Time) tea.Msg { return number })
}

func (s *message) forget(number forgetMsg) {
	if int(number) == s.number {
		s.text = ""
	}
}

// lines is what happened: an error in full, as far as there is room.
func (s *message) lines(on *pane.Screen) []string {
	color := on.Styles.Bold
	if s.bad {
		color = on.Styles.Red
	}
	lines := on.Fold(s.text, "", on.Width-2, min(4, max(1, (on.Height-minHeight)/3)))
	for i, text := range lines {
		lines[i] = " " + color.Paint(text)
	}
	return lines
}
