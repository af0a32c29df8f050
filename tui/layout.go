package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
	"pytop/tui/pane"
)

// What the screen needs.
const (
	minWidth  = 60
	minHeight = 10
)

// area is where a pane stands.
type area struct {
	pane      pane.Pane
	y, height int
}

// layout is where everything stands in a frame.
type layout struct {
	y     int // of the body
	body  int // its lines
	areas []area
	foot  int // lines of the key bar, or of what stands in its place
}

// at is the area of a line.
func (l layout) at(y int) (area, bool) {
	for _, a := range l.areas {
		if y >= a.y && y < a.y+a.height {
			return a, true
		}
	}
	return area{}, false
}

// layout shares out the lines. What leaves first: blanks, the key bar, the
// panes other than the active one.
func (m *Model) layout() layout {
	gap := 0
	if m.Height >= pane.Roomy {
		gap = 1
	}
	l := layout{y: m.head().height() + len(m.alertLines()) + gap, foot: len(m.foot())}
	l.body = m.Height - l.y - l.foot
	if m.Zoomed || m.help.open || m.Active.Alone() {
		l.areas = []area{{m.Active, l.y, l.body}}
		return l
	}
	l.areas = m.share(l.y, l.body, gap)
	return l
}

// share gives the body to the panes, by what they want. The first has what the
// others leave; an active one for which there is no room has all of it.
func (m *Model) share(y, body, gap int) []area {
	first := m.first()
	least, use, most := first.Needs()
	room := pane.Room{Height: m.Height, Body: body, Gap: gap, Least: least}
	left, lines := body, min(most, body)
	areas := []area{{pane: m.panes[0]}}
	for _, p := range m.panes[1:] {
		room.Unused, room.Spare = left-use-gap, left-lines-gap
		n := p.Wants(room)
		if n > 0 {
			areas = append(areas, area{pane: p, height: n})
			left -= n + gap
			lines = min(lines, left)
		} else if p == m.Active {
			return []area{{p, y, body}}
		}
	}
	areas[0].height = lines
	for i := range areas {
		areas[i].y = y
		y += areas[i].height + gap
	}
	return areas
}

// View draws a frame.
func (m *Model) View() tea.View {
	v := tea.NewView(strings.Join(m.lines(), "\n"))
	v.AltScreen = true
	if !m.mouseOff {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if x, ok := m.prompt.Cursor(m.Width); ok && m.Height >= minHeight && m.Width >= minWidth {
		v.Cursor = tea.NewCursor(x, m.Height-1)
		v.Cursor.Shape = tea.CursorBar
	}
	return v
}

// lines is the lines of the screen, none wider than it.
func (m *Model) lines() []string {
	if m.Width <= 0 || m.Height <= 0 {
		return nil
	}
	if m.Width < minWidth || m.Height < minHeight {
		text := "pytop needs " + m.Signs.Size(minWidth, minHeight) + ", this is " + m.Signs.Size(m.Width, m.Height)
		return []string{m.Signs.CutRight(text, m.Width)}
	}
	l := m.layout()
	lines := append(m.head().lines(m.Width), m.alertLines()...)
	if m.help.open {
		lines = at(lines, l.y, m.help.scroll.View(m.helpPage().lines(m.Width), l.body))
	} else {
		for _, a := range l.areas {
			lines = at(lines, a.y, a.pane.View(m.Width, a.height))
		}
	}
	if l.foot > 0 {
		lines = at(lines, m.Height-l.foot, m.foot())
	}
	for i, line := range lines {
		lines[i] = format.Clamp(line, m.Width)
	}
	return lines
}

// at adds lines at a height, with blanks before.
func at(lines []string, y int, more []string) []string {
	for len(lines) < y {
		lines = append(lines, "")
	}
	return append(lines[:y], more...)
}
