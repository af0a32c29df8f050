package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
	"pytop/tui/prompt"
)

// Model is the whole screen: the one tea.Model. It is the frame around the
// panes.
type Model struct {
	o       Options
	context context.Context
	*pane.Screen
	session *session
	panes   []pane.Pane
	gate    gate // of the source

	dark     bool
	profile  colorprofile.Profile
	mouseOff bool
	delay    time.Duration // between readings

	help      help
	prompt    prompt.Prompt
	message   message
	exporting exportQuestion // the format stays chosen

	fatal error // what ends the program
	quit  QuitChoice
}

// New makes a screen that draws nothing yet.
func New(o Options) *Model {
	return build(o, pane.Screen{Styles: pane.NewStyles(true, colorprofile.TrueColor)})
}

// build makes a screen from what is lent to panes, as far as it is known.
func build(o Options, s pane.Screen) *Model {
	m := &Model{o: o, context: context.Background(), Screen: &s, delay: o.Delay, dark: true, profile: colorprofile.TrueColor}
	if m.delay <= 0 {
		m.delay = time.Second
	}
	if m.o.ExportDir == "" {
		m.o.ExportDir = "."
	}
	s.Frame, s.Now = frame{m}, time.Now
	s.Top, s.Sort, s.Filter, s.Command, s.Log = o.Top, o.Sort, o.Filter, o.Command, o.Log
	if s.Top <= 0 {
		s.Top = 20
	}
	s.Signs = &format.Unicode
	if o.ASCII {
		s.Signs = &format.ASCII
	}
	m.begin(o.Source, false)
	if o.List != nil && o.Source == nil && o.Open == nil {
		m.begin(o.List, true)
	}
	m.panes = newPanes(m.Screen)
	m.Activate(nil)
	return m
}

// Init starts reading.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{tea.RequestBackgroundColor}
	for _, r := range of[pane.Receiver](m.panes) {
		cmds = append(cmds, r.Init())
	}
	switch {
	case m.Source != nil:
		cmds = append(cmds, m.session.read())
	case m.o.Open != nil:
		cmds = append(cmds, func() tea.Msg {
			source, err := m.o.Open(m.context)
			return openedMsg{source, err}
		})
	}
	return tea.Batch(cmds...)
}

type openedMsg struct {
	source collect.Source
	err    error
}

// Update takes in what happened. Nothing in it waits.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.Width, m.Height = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.Styles = pane.NewStyles(m.dark, m.profile)
	case tea.ColorProfileMsg:
		m.profile = msg.Profile
		m.Styles = pane.NewStyles(m.dark, m.profile)
	case tea.KeyPressMsg:
		return m, m.press(msg)
	case tea.PasteMsg:
		m.prompt.Paste(msg)
	case tea.MouseMsg:
		return m, m.mouse(msg)
	case tea.ResumeMsg:
		return m, m.session.resume()
	case watchedMsg:
		return m, m.watched(msg)
	case openedMsg:
		if m.Source, m.fatal = msg.source, msg.err; msg.err != nil {
			return m, tea.Quit
		}
		return m, m.session.read()
	case tickMsg:
		if msg.of == m.session && msg.number == m.session.tick && !m.session.inFlight {
			return m, m.session.read()
		}
	case readingMsg:
		if msg.of == m.session { // not of what was watched before
			return m, m.session.take(msg)
		}
	case controlMsg:
		if msg.of == m.session {
			return m, m.session.controlled(msg)
		}
	case exportMsg:
		return m, m.exported(msg)
	case forgetMsg:
		m.message.forget(msg)
	default:
		return m, m.tell(msg)
	}
	return m, nil
}

// tell passes a message on to the panes.
func (m *Model) tell(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, r := range of[pane.Receiver](m.panes) {
		cmds = append(cmds, r.Receive(msg))
	}
	return tea.Batch(cmds...)
}

// show puts a snapshot on the screen.
func (m *Model) show(s *collect.Snapshot) {
	m.Shown = s
	for _, p := range m.panes {
		p.Take(s)
	}
}

// first is the pane that has what the others leave.
func (m *Model) first() pane.Leader { return m.panes[0].(pane.Leader) }

// of picks the panes that do more.
func of[T any](panes []pane.Pane) []T {
	var picked []T
	for _, p := range panes {
		if one, ok := p.(T); ok {
			picked = append(picked, one)
		}
	}
	return picked
}

// result is what Run returns.
func (m *Model) result() Result {
	field, falling, filter := m.first().Order()
	return Result{
		Last: m.Latest, Source: m.Source, Quit: m.quit, Reading: m.session.failed,
		Table: TableOptions{Top: m.Top, Sort: field, Rising: !falling, Filter: filter, ASCII: m.o.ASCII},
	}
}
