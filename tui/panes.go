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
)

// scroller is where a text is that is longer than its place.
type scroller struct{ offset int }

func (s *scroller) move(n int) { s.offset = max(0, s.offset+n) }

// view is the lines that are in view, of height.
func (s *scroller) view(lines []string, height int) []string {
	s.offset = max(0, min(s.offset, len(lines)-height))
	return clip(lines[s.offset:], height)
}

// gilPane keeps the place of the GIL: who holds it, who waits, who switches.
func (m *Model) gilPane(width, height int) []string {
	lines := []string{m.line(width, []piece{{text: "GIL", ink: m.titleInk(paneGIL)}}, nil)}
	text := "not measured"
	if m.shown != nil {
		text = gilReason(m.shown)
	}
	lines = append(lines, format.Blank(gutter)+m.styles.dim.paint(m.signs.CutRight(text, width-gutter-1)))
	return clip(lines, height)
}

// logKept is how many lines of the command's output are kept.
const logKept = 2000

// logPane is the output of the command that pytop started.
type logPane struct {
	lines  []string // not sanitised: they are printed after the screen closes
	ended  bool
	scroll int // lines back from the end
}

// logMsg is lines that came, and whether no more will.
type logMsg struct {
	lines []string
	ended bool
}

// wait brings the next lines, as many as there are, at most 20 times a second.
func (l *logPane) wait(from <-chan string) tea.Cmd {
	if from == nil {
		return nil
	}
	return func() tea.Msg {
		line, ok := <-from
		if !ok {
			return logMsg{ended: true}
		}
		lines := []string{line}
		pause := time.NewTimer(50 * time.Millisecond)
		defer pause.Stop()
		for {
			select {
			case line, ok := <-from:
				if !ok {
					return logMsg{lines: lines, ended: true}
				}
				if lines = append(lines, line); len(lines) > 2*logKept {
					lines = lines[len(lines)-logKept:]
				}
			case <-pause.C:
				return logMsg{lines: lines}
			}
		}
	}
}

func (l *logPane) add(msg logMsg, from <-chan string) tea.Cmd {
	l.lines = append(l.lines, msg.lines...)
	l.lines = l.lines[max(0, len(l.lines)-logKept):]
	if l.scroll > 0 {
		l.scroll += len(msg.lines)
	}
	if l.ended = msg.ended; msg.ended {
		return nil
	}
	return l.wait(from)
}

func (l *logPane) move(n int) { l.scroll = max(0, min(l.scroll-n, len(l.lines)-1)) }

func (m *Model) logView(width, height int) []string {
	state := "output of " + shortCommand(m.o.Command)
	if m.log.ended {
		state += ", ended"
	}
	if m.log.scroll > 0 {
		state += ", " + format.Exactly(m.log.scroll) + " lines back"
	}
	lines := []string{m.line(width, []piece{{text: "LOG", ink: m.titleInk(paneLog)}, {text: state, ink: m.styles.dim, gap: "  ", flex: true}}, nil)}
	end := len(m.log.lines) - m.log.scroll
	for _, l := range m.log.lines[max(0, end-(height-1)):max(0, end)] {
		lines = append(lines, format.Blank(gutter)+m.signs.CutRight(format.Plain(l), width-gutter-1))
	}
	return clip(lines, height)
}
