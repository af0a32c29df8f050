package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
)

// pane is a part of the screen that can be active.
type pane int

const (
	paneFunctions pane = iota
	paneGIL
	paneLog
	paneProcesses
	paneChart // never active: there is nothing to do in it
)

// scroller is where a text is that is longer than its place.
type scroller struct{ offset int }

func (s *scroller) move(n int) { s.offset = max(0, s.offset+n) }

// view is the lines that are in view, of height.
func (s *scroller) view(lines []string, height int) []string {
	s.offset = max(0, min(s.offset, len(lines)-height))
	return clip(lines[s.offset:], height)
}

// chartPane draws calls/s of everything over the last minutes, where there is
// room.
func (m *Model) chartPane(width, height int) []string {
	title := m.line(width, []piece{{text: "CALLS/S", ink: m.titleInk(paneChart)}, {text: "of all functions", ink: m.styles.dim, gap: "  "}}, nil)
	return clip(append([]string{title}, m.chart(m.seen().total(), width, height-2)...), height)
}

// Log is the output of the command that pytop started.
type Log interface {
	// Tail returns the last n lines, oldest first, as they were written: not
	// sanitised. All that are kept if n is negative.
	Tail(n int) []string
	// Dropped is how many lines before are no longer kept.
	Dropped() uint64
}

// logEvery is how often the log pane looks for output.
const logEvery = 250 * time.Millisecond

// logPane is the output of the command that pytop started.
type logPane struct {
	lines   []string // not sanitised
	dropped uint64
	scroll  int // lines back from the end
}

type logTickMsg struct{}

// wait looks for output again after a while.
func (l *logPane) wait(from Log) tea.Cmd {
	if from == nil {
		return nil
	}
	return tea.Tick(logEvery, func(time.Time) tea.Msg { return logTickMsg{} })
}

// look takes over what was written; who scrolled back stays where they are.
func (l *logPane) look(from Log) {
	before := l.dropped + uint64(len(l.lines))
	l.lines, l.dropped = from.Tail(-1), from.Dropped()
	if came := l.dropped + uint64(len(l.lines)) - before; l.scroll > 0 {
		l.scroll += int(came)
		l.move(0)
	}
}

func (l *logPane) move(n int) { l.scroll = max(0, min(l.scroll-n, len(l.lines)-1)) }

// logView draws the last lines, or those that were scrolled to.
func (m *Model) logView(width, height int) []string {
	st, rows := m.styles, height-1
	m.log.scroll = max(0, min(m.log.scroll, len(m.log.lines)-rows)) // back to where the first line is on top
	state := "output of " + shortCommand(m.o.Command)
	if m.final() {
		state += ", ended"
	}
	var back []piece
	if m.log.scroll > 0 {
		back = append(back, piece{text: format.Exactly(m.log.scroll) + format.Word(m.log.scroll, " line back", " lines back"), ink: st.amber})
	}
	lines := []string{m.line(width, []piece{{text: "LOG", ink: m.titleInk(paneLog)}, {text: state, ink: st.dim, gap: "  ", flex: true}}, back)}
	if len(m.log.lines) == 0 {
		text := "nothing yet: Python keeps up to 8 KiB back, unless started with -u"
		if m.final() {
			text = "it printed nothing"
		}
		return clip(append(lines, format.Blank(gutter)+st.dim.paint(m.signs.CutRight(text, width-gutter-1))), height)
	}
	end := len(m.log.lines) - m.log.scroll
	for _, l := range m.log.lines[max(0, end-rows):max(0, end)] {
		lines = append(lines, format.Blank(gutter)+m.signs.CutRight(format.Printed(l), width-gutter-1))
	}
	return clip(lines, height)
}
