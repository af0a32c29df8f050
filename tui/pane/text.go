package pane

import (
	"strings"

	"pytop/tui/format"
)

const (
	// Wide is from how many columns on words are written out.
	Wide = 112
	// Roomy is from how many lines on blank ones separate.
	Roomy = 28
	// Unlimited is the width of what is not a terminal.
	Unlimited = 4096
	// RatesKept is how many readings a sparkline of the header reaches back.
	RatesKept = 64
)

// Clip is as many lines as there is room for.
func Clip(lines []string, height int) []string {
	return lines[:min(len(lines), max(0, height))]
}

// Scroller is where a text is that is longer than its place.
type Scroller struct{ Offset int }

// Move scrolls by n lines.
func (s *Scroller) Move(n int) { s.Offset = max(0, s.Offset+n) }

// View is the lines that are in view, of height.
func (s *Scroller) View(lines []string, height int) []string {
	s.Offset = max(0, min(s.Offset, len(lines)-height))
	return Clip(lines[s.Offset:], height)
}

// PidText names a process.
func PidText(pid int) string { return "pid " + format.Whole(pid) }

// Label is the word that a line of the header begins with; wide screens align
// them.
func Label(word string, width int) string {
	if width < Wide {
		return word
	}
	return format.Left(word, 6)
}

// Tail is the last n values.
func Tail(values []float64, n int) []float64 { return values[max(0, len(values)-n):] }

// TitleInk is the colour of a pane's title.
func (s *Screen) TitleInk(p Pane) Ink {
	if s.Active == p {
		return s.Styles.Title
	}
	return s.Styles.Idle
}

// CursorSign is what stands before a row.
func (s *Screen) CursorSign(cursor bool) string {
	if cursor {
		return s.Styles.Accent.PaintOn(true, " "+s.Signs.Cursor+" ")
	}
	return format.Blank(Gutter)
}

// Hint is what a key does, on a screen; nothing in a printed table.
func (s *Screen) Hint(text string) string {
	if s.Printed {
		return ""
	}
	return s.Signs.Dot + text
}

// Fold breaks a text into at most so many lines, the last one cut; end stays
// whole.
func (s *Screen) Fold(text, end string, width, most int) []string {
	if format.Width(text+end) <= width { // as it is, with its blanks
		return []string{text + end}
	}
	lines := format.Wrap(text+end, width)
	if len(lines) > most {
		lines = format.Wrap(text, width)
		lines = append(lines[:most-1], s.Signs.CutRight(strings.Join(lines[most-1:], " "), width-format.Width(end))+end)
	}
	for i := range lines {
		lines[i] = s.Signs.CutRight(lines[i], width)
	}
	return lines
}
