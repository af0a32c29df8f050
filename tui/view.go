package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
)

// What the screen needs.
const (
	minWidth  = 60
	minHeight = 10
	roomy     = 28 // lines from which on blank ones separate
)

// A chart of all calls fills lines that nothing else wants, from so many on.
const (
	leastChart = 8
	mostChart  = 14
)

// area is where a pane stands.
type area struct {
	pane      pane
	y, height int
}

// layout is where everything stands in a frame.
type layout struct {
	header, alerts int // lines
	y              int // of the body
	body           int // its lines
	areas          []area
	foot           int // lines of the key bar, or of what stands in its place
}

// layout shares out the lines. What leaves first: blanks, the key bar, the
// panes other than the active one.
func (m *Model) layout() layout {
	l := layout{header: 3, foot: m.footLines()}
	l.alerts = len(m.alertLines())
	l.y = l.header + l.alerts
	gap := 0
	if m.height >= roomy {
		gap = 1
	}
	l.y += gap
	l.body = m.height - l.y - l.foot
	if m.zoomed || m.helpOpen || m.details.open {
		l.areas = []area{{m.pane, l.y, l.body}}
		return l
	}
	l.areas = m.share(l.y, l.body, gap)
	return l
}

// share gives the body to the panes.
func (m *Model) share(y, body, gap int) []area {
	if m.pane == paneProcesses {
		return []area{{paneProcesses, y, body}}
	}
	gil, log := 0, 0
	switch {
	case m.height >= roomy:
		gil = min(m.gilLines(), max(1, body*2/5, body-gap-m.functionLines()))
	case m.height >= 20 && gilMeasured(m.shown):
		gil = min(m.gilLines(), max(5, body-m.functionLines()))
	case m.height >= 15 && gilMeasured(m.shown): // one thread, and who made others wait
		gil = min(m.gilLines(), 4)
	}
	if m.pane == paneGIL && gil > 0 { // who looks at it wants more of it
		gil = max(gil, min(m.gilLines(), body-gap-m.headLines()-3))
	}
	if m.pane == paneGIL && (m.thread != 0 || m.blame.open) {
		return []area{{paneGIL, y, body}}
	}
	functions := min(m.headLines()+m.o.Top, body)
	if m.o.Log != nil {
		// As much as it has to say; what it may have more lies under it.
		most := max(4, body-functions-gil-2*gap)
		if log = min(most, max(2, 1+len(m.log.lines))); m.pane == paneLog {
			log = most
		}
	}
	if m.pane == paneGIL && gil == 0 {
		return []area{{paneGIL, y, body}}
	}
	for _, n := range []int{log, gil} {
		if n > 0 {
			functions = min(functions, body-n-gap)
			body -= n + gap
		}
	}
	areas := []area{{paneFunctions, y, functions}}
	body -= functions
	y += functions
	if gil > 0 {
		areas = append(areas, area{paneGIL, y + gap, gil})
		y += gap + gil
	}
	if log > 0 {
		areas = append(areas, area{paneLog, y + gap, log})
		y += gap + log
	}
	if chart := min(body-gap, mostChart); chart >= leastChart {
		areas = append(areas, area{paneChart, y + gap, chart})
	}
	return areas
}

// functionLines is how many lines the functions have a use for: few when there
// are few.
func (m *Model) functionLines() int {
	if m.shown == nil || m.shown.Interval == 0 {
		return m.headLines() + m.o.Top
	}
	return m.headLines() + min(m.o.Top, max(4, m.functions.All()))
}

// rowsInView is how many rows of functions are drawn.
func (m *Model) rowsInView() int {
	for _, a := range m.layout().areas {
		if a.pane == paneProcesses {
			return max(1, a.height-2)
		}
		if a.pane == paneFunctions {
			return max(1, a.height-m.headLines())
		}
	}
	return 1
}

// linesInView is how many lines of what the active pane moves through are
// drawn: rows of a table, else of a text.
func (m *Model) linesInView() int {
	for _, a := range m.layout().areas {
		switch {
		case a.pane != m.pane:
			continue
		case a.pane == paneGIL:
			return m.gilLinesInView(a.height)
		case a.pane == paneLog:
			return max(1, a.height-1)
		}
	}
	return m.rowsInView()
}

// View draws a frame.
func (m *Model) View() tea.View {
	v := tea.NewView(strings.Join(m.frame(), "\n"))
	v.AltScreen = true
	if !m.mouseOff {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if x, ok := m.prompt.cursor(m); ok && m.height >= minHeight && m.width >= minWidth {
		v.Cursor = tea.NewCursor(x, m.height-1)
		v.Cursor.Shape = tea.CursorBar
	}
	return v
}

// frame is the lines of the screen, none wider than it.
func (m *Model) frame() []string {
	if m.width <= 0 || m.height <= 0 {
		return nil
	}
	if m.width < minWidth || m.height < minHeight {
		return []string{m.signs.CutRight(m.tooSmall(), m.width)}
	}
	l := m.layout()
	lines := append([]string{}, m.header(m.width)...)
	if m.listing {
		lines = m.listHeader(m.width)
	}
	lines = append(lines, m.alertLines()...)
	switch {
	case m.helpOpen:
		lines = m.at(lines, l.y, m.help.view(m.helpLines(m.width), l.body))
	case m.details.open:
		lines = m.at(lines, l.y, m.detailsView(m.width, l.body))
	default:
		for _, a := range l.areas {
			lines = m.at(lines, a.y, m.draw(a))
		}
	}
	if l.foot > 0 {
		lines = m.at(lines, m.height-l.foot, m.foot(m.width))
	}
	for i, line := range lines {
		lines[i] = format.Clamp(line, m.width)
	}
	return lines
}

func (m *Model) tooSmall() string {
	return "pytop needs " + m.signs.Size(minWidth, minHeight) + ", this is " + m.signs.Size(m.width, m.height)
}

func (m *Model) draw(a area) []string {
	switch a.pane {
	case paneGIL:
		return m.gilPane(m.width, a.height)
	case paneLog:
		return m.logView(m.width, a.height)
	case paneProcesses:
		return m.processesPane(m.width, a.height)
	case paneChart:
		return m.chartPane(m.width, a.height)
	}
	return m.functionsPane(m.width, a.height)
}

// at adds lines at a height, with blanks before.
func (m *Model) at(lines []string, y int, more []string) []string {
	for len(lines) < y {
		lines = append(lines, "")
	}
	return append(lines[:y], more...)
}
