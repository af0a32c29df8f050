package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
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

func (m *Model) say(text string) tea.Cmd      { return m.message.set(text, false) }
func (m *Model) complain(text string) tea.Cmd { return m.message.set(text, true) }

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
