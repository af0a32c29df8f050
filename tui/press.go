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
	if m.listing && !m.helpOpen && key.Matches(msg, keys.Mark) {
		m.mark()
		return nil
	}
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
		if m.canReturn() && msg.String() == "q" {
			return m.toList(), true
		}
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
	rows := m.linesInView()
	n, ok := moves(msg, max(1, rows-1))
	if !ok {
		return false
	}
	page := key.Matches(msg, keys.PageUp, keys.PageDown)
	if m.pane == paneLog {
		m.log.move(n)
		return true
	}
	if m.pane == paneGIL {
		m.moveThread(n, page)
		return true
	}
	t := m.table()
	if t == nil {
		return true
	}
	_, has := t.Cursor()
	switch {
	case n == -far:
		t.Release()
	case n == far:
		t.Place(far)
		t.Reveal(rows)
	case page && !has: // pages need no cursor
		t.Scroll(n, rows)
	case page:
		t.Scroll(n, rows)
		t.Move(n, rows)
	default:
		t.Move(n, rows)
	}
	return true
}

// pressPane are the other keys, of the panes.
func (m *Model) pressPane(msg tea.KeyPressMsg) tea.Cmd {
	if cmd, done := m.pressProcesses(msg); done {
		return cmd
	}
	if key.Matches(msg, keys.Blame) && len(m.paneGILs()) > 0 {
		if m.blame.open = m.pane == paneGIL && m.blame.open; m.blame.open {
			m.blame.open = false
		} else {
			m.openBlame()
		}
		return nil
	}
	if m.pane == paneGIL {
		if cmd, done := m.pressGIL(msg); done {
			return cmd
		}
	}
	switch {
	case key.Matches(msg, keys.Enter):
		if m.letGo() != nil {
			return m.attach(true)
		}
		return m.openDetails()
	case key.Matches(msg, keys.Escape):
		return m.back()
	case key.Matches(msg, keys.Filter):
		if m.pane != paneProcesses {
			m.pane = paneFunctions
		}
		m.prompt.start(promptFilter, m.filterText())
	case key.Matches(msg, keys.Sort):
		m.sortNext(1)
	case key.Matches(msg, keys.SortBack):
		m.sortNext(-1)
	case key.Matches(msg, keys.Reverse):
		if t := m.table(); t != nil {
			by, falling := t.SortedBy()
			m.sorted = m.sorted || m.pane == paneFunctions
			t.Sort(by, !falling)
		}
	case key.Matches(msg, keys.Group):
		return m.group()
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
	if m.listing {
		return paneProcesses
	}
	if m.several() {
		panes = append(panes, paneProcesses)
	}
	if m.o.Log != nil {
		panes = append(panes, paneLog)
	}
	i := slices.Index(panes, m.pane)
	return panes[(i+n+len(panes))%len(panes)]
}

// setFilter shows what matches.
func (m *Model) setFilter(text string) {
	if m.pane == paneProcesses {
		m.filterProcesses(text)
		return
	}
	if m.filter == text {
		return
	}
	m.filter = text
	m.applyFilter()
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
	t := m.table()
	if t == nil {
		t = m.functions
	}
	m.sorted = m.sorted || m.pane == paneFunctions
	if by, falling := t.SortedBy(); by == field {
		t.Sort(by, !falling)
		return
	}
	t.First(field)
}

// sortable is the fields of the columns in view that sort.
func (m *Model) sortable() []string {
	if t := m.table(); t != nil {
		return t.Fields(m.width-gutter-1, gap2)
	}
	return m.functions.Fields(m.width-gutter-1, gap2)
}

func (m *Model) sortNext(n int) {
	fields := m.sortable()
	by, _ := m.functions.SortedBy()
	if t := m.table(); t != nil {
		by, _ = t.SortedBy()
	}
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
