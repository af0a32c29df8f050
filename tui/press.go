package tui

import (
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// press does what a key means: for the prompt, for what is open, then for the
// screen.
func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	if m.prompt.open() {
		return m.prompt.press(m, msg)
	}
	m.message.text = ""
	if cmd, done := m.pressAnywhere(msg); done {
		return cmd
	}
	switch {
	case m.helpOpen:
		m.pressHelp(msg)
		return nil
	case m.details.open:
		return m.pressDetails(msg)
	}
	if m.pressMove(msg) {
		return nil
	}
	return m.pressPane(msg)
}

// pressAnywhere are keys that mean the same wherever one is.
func (m *Model) pressAnywhere(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(msg, keys.Quit):
		return m.askQuit(), true
	case key.Matches(msg, keys.Help):
		m.helpOpen = !m.helpOpen
		m.help = scroller{}
	case key.Matches(msg, keys.Suspend):
		return m.suspend(), true
	case key.Matches(msg, keys.Pause):
		m.setPaused(!m.paused)
	case key.Matches(msg, keys.Brake):
		return m.brake(), true
	case key.Matches(msg, keys.Longer):
		return m.setDelay(1), true
	case key.Matches(msg, keys.Shorter):
		return m.setDelay(-1), true
	case key.Matches(msg, keys.Reset):
		return m.reset(), true
	case key.Matches(msg, keys.Export):
		return m.export(), true
	case key.Matches(msg, keys.ExportTo):
		return m.askExport(), true
	case key.Matches(msg, keys.Mouse):
		m.mouseOff = !m.mouseOff
		if m.mouseOff {
			return m.say("mouse off: the terminal's own selecting and copying works" + m.signs.Dot + "m turns it on"), true
		}
		return m.say("mouse on"), true
	default:
		return nil, false
	}
	return nil, true
}

func (m *Model) pressHelp(msg tea.KeyPressMsg) {
	switch {
	case key.Matches(msg, keys.Escape), key.Matches(msg, keys.Enter):
		m.helpOpen = false
	default:
		if n, ok := moves(msg, max(1, m.layout().body-1)); ok {
			m.help.move(n)
		}
	}
}

// far is past the end of every list.
const far = 1 << 30

// moves is by how many rows a key moves, a page being so many.
func moves(msg tea.KeyPressMsg, page int) (int, bool) {
	switch {
	case key.Matches(msg, keys.Up):
		return -1, true
	case key.Matches(msg, keys.Down):
		return 1, true
	case key.Matches(msg, keys.PageUp):
		return -page, true
	case key.Matches(msg, keys.PageDown):
		return page, true
	case key.Matches(msg, keys.Top):
		return -far, true
	case key.Matches(msg, keys.Bottom):
		return far, true
	}
	return 0, false
}

// pressMove moves in the active pane.
func (m *Model) pressMove(msg tea.KeyPressMsg) bool {
	rows := m.rowsInView()
	n, ok := moves(msg, max(1, rows-1))
	if !ok {
		return false
	}
	if m.pane == paneLog {
		m.log.move(n)
		return true
	}
	if m.pane == paneGIL {
		m.moveThread(n)
		return true
	}
	if m.pane != paneFunctions {
		return true
	}
	_, has := m.functions.Cursor()
	switch {
	case n == -far:
		m.functions.Release()
	case n == far:
		m.functions.Place(far)
		m.functions.Reveal(rows)
	case !has && n > 1 || !has && n < -1: // pages need no cursor
		m.functions.Scroll(n, rows)
	case n > 1 || n < -1:
		m.functions.Scroll(n, rows)
		m.functions.Move(n, rows)
	default:
		m.functions.Move(n, rows)
	}
	return true
}

// pressPane are the other keys, of the panes.
func (m *Model) pressPane(msg tea.KeyPressMsg) tea.Cmd {
	if m.pane == paneGIL {
		if cmd, done := m.pressGIL(msg); done {
			return cmd
		}
	}
	switch {
	case key.Matches(msg, keys.Enter):
		if overBudget(m.shown) != nil {
			return m.attach(true)
		}
		return m.openDetails()
	case key.Matches(msg, keys.Escape):
		m.setFilter("")
	case key.Matches(msg, keys.Filter):
		m.pane = paneFunctions
		m.prompt.start(promptFilter, m.filter)
	case key.Matches(msg, keys.Sort):
		m.sortNext(1)
	case key.Matches(msg, keys.SortBack):
		m.sortNext(-1)
	case key.Matches(msg, keys.Reverse):
		by, falling := m.functions.SortedBy()
		m.sorted = true
		m.functions.Sort(by, !falling)
	case key.Matches(msg, keys.Digit):
		m.sortNth(int(msg.String()[0] - '1'))
	case key.Matches(msg, keys.Pane):
		m.pane = m.nextPane(1)
	case key.Matches(msg, keys.PaneBack):
		m.pane = m.nextPane(-1)
	case key.Matches(msg, keys.Zoom):
		m.zoomed = !m.zoomed
	}
	return nil
}

func (m *Model) nextPane(n int) pane {
	panes := []pane{paneFunctions, paneGIL}
	if m.o.Log != nil {
		panes = append(panes, paneLog)
	}
	i := slices.Index(panes, m.pane)
	return panes[(i+n+len(panes))%len(panes)]
}

// setFilter shows what matches.
func (m *Model) setFilter(text string) {
	if m.filter == text {
		return
	}
	m.filter = text
	m.functions.Filter(filter(text))
}

// sortBy orders by a column, in its own first direction.
func (m *Model) sortBy(field string) bool {
	for _, c := range m.functions.Columns {
		if c.Field == field {
			return m.functions.Sort(field, c.Falling)
		}
	}
	return false
}

// choose is sortBy as the user's choice; the same column again turns round.
func (m *Model) choose(field string) {
	m.sorted = true
	if by, falling := m.functions.SortedBy(); by == field {
		m.functions.Sort(by, !falling)
		return
	}
	m.sortBy(field)
}

// sortable is the fields of the columns in view that sort.
func (m *Model) sortable() []string {
	var fields []string
	for _, c := range m.functions.Layout(m.width-gutter-1, gap2) {
		if c.Sorts() {
			fields = append(fields, c.Field)
		}
	}
	return fields
}

func (m *Model) sortNext(n int) {
	fields := m.sortable()
	by, _ := m.functions.SortedBy()
	i := slices.Index(fields, by)
	m.choose(fields[(i+n+len(fields))%len(fields)])
}

func (m *Model) sortNth(n int) {
	if fields := m.sortable(); n < len(fields) {
		m.choose(fields[n])
	}
}

// delays are the steps of + and -.
var delays = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, 60 * time.Second,
}

// setDelay goes to the next longer or shorter interval.
func (m *Model) setDelay(n int) tea.Cmd {
	next := m.delay
	for _, d := range delays {
		if n > 0 && d > m.delay {
			next = d
			break
		}
		if n < 0 && d < m.delay {
			next = d
		}
	}
	if next == m.delay {
		return nil
	}
	m.delay = next
	return m.plan()
}

// export writes what is shown.
func (m *Model) export() tea.Cmd {
	s := m.shown
	if s == nil || m.o.Export == nil {
		return m.say("there is nothing to write yet")
	}
	return func() tea.Msg {
		written, err := m.o.Export(s)
		return exportMsg{written, err}
	}
}

type exportMsg struct {
	Written
	err error
}
