// Package logs is the pane of what the command prints that pytop started.
package logs

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
	"pytop/tui/pane"
)

// Pane is the output of the command that pytop started.
type Pane struct {
	pane.Base
	*pane.Screen
	lines   []string // not sanitised
	dropped uint64
	Back    int // lines back from the end
}

// New makes the pane.
func New(s *pane.Screen) pane.Pane { return &Pane{Screen: s} }

// every is how often the pane looks for output.
const every = 250 * time.Millisecond

type tickMsg struct{}

// Init begins to look for output.
func (p *Pane) Init() tea.Cmd {
	if p.Log == nil {
		return nil
	}
	return tea.Tick(every, func(time.Time) tea.Msg { return tickMsg{} })
}

// Receive looks for output, and again after a while; not while it is paused.
func (p *Pane) Receive(msg tea.Msg) tea.Cmd {
	if _, ok := msg.(tickMsg); !ok {
		return nil
	}
	if !p.Paused {
		p.Look()
	}
	return p.Init()
}

// Look takes over what was written; who scrolled back stays where they are.
func (p *Pane) Look() {
	before := p.dropped + uint64(len(p.lines))
	p.lines, p.dropped = p.Log.Tail(-1), p.Log.Dropped()
	if came := p.dropped + uint64(len(p.lines)) - before; p.Back > 0 {
		p.Back += int(came)
		p.move(0)
	}
}

func (p *Pane) move(n int) { p.Back = max(0, min(p.Back-n, len(p.lines)-1)) }

// There tells that there is a command.
func (p *Pane) There() bool { return p.Log != nil && !p.Listing }

// Wants is as much as there is to say. What the pane may have more lies under
// it.
func (p *Pane) Wants(r pane.Room) int {
	if !p.There() {
		return 0
	}
	most := max(4, r.Spare)
	if p.Active == p {
		return most
	}
	return min(most, max(2, 1+len(p.lines)))
}

// Press scrolls.
func (p *Pane) Press(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	n, ok := pane.Moves(msg, max(1, p.Lines(p)-2))
	if ok {
		p.move(n)
	}
	return nil, ok
}

// Click makes the pane the active one.
func (p *Pane) Click(int, int, int) tea.Cmd {
	p.Activate(p)
	return nil
}

// Wheel scrolls.
func (p *Pane) Wheel(n int) { p.move(n) }

// View draws the last lines, or those that were scrolled to.
func (p *Pane) View(width, height int) []string {
	st, rows := p.Styles, height-1
	p.Back = max(0, min(p.Back, len(p.lines)-rows)) // back to where the first line is on top
	state := "output of " + pane.ShortCommand(p.Command)
	if p.Final() {
		state += ", ended"
	}
	var back []pane.Piece
	if p.Back > 0 {
		back = append(back, pane.Piece{Text: format.Exactly(p.Back) + format.Word(p.Back, " line back", " lines back"), Ink: st.Amber})
	}
	lines := []string{p.Line(width, []pane.Piece{{Text: "LOG", Ink: p.TitleInk(p)}, {Text: state, Ink: st.Dim, Gap: "  ", Flex: true}}, back)}
	if len(p.lines) == 0 {
		text := "nothing yet: Python keeps up to 8 KiB back, unless started with -u"
		if p.Final() {
			text = "it printed nothing"
		}
		return pane.Clip(append(lines, format.Blank(pane.Gutter)+st.Dim.Paint(p.Signs.CutRight(text, width-pane.Gutter-1))), height)
	}
	end := len(p.lines) - p.Back
	for _, l := range p.lines[max(0, end-rows):max(0, end)] {
		lines = append(lines, format.Blank(pane.Gutter)+p.Signs.CutRight(format.Printed(l), width-pane.Gutter-1))
	}
	return pane.Clip(lines, height)
}

// Help is what the pane shows.
func (p *Pane) Help() (keys, numbers []pane.Entry) {
	return nil, []pane.Entry{
		{Rank: 220, Word: "LOG", Meaning: "what the command prints, with pytop -- COMMAND; it is printed again after the screen. A Python keeps back what it prints to a file until it has 8 KiB: start it with -u to see each line at once."},
	}
}
