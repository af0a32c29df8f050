package tui

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
)

// pressGIL are the keys that mean something of their own in this pane.
func (m *Model) pressGIL(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if !m.paneMeasured() {
		return nil, false
	}
	switch {
	case m.blame.open && (key.Matches(msg, keys.Enter) || key.Matches(msg, keys.Escape)):
		m.blame.open = false
	case m.thread != 0 && (key.Matches(msg, keys.Enter) || key.Matches(msg, keys.Escape)):
		m.thread = 0
	case key.Matches(msg, keys.Counts):
		m.counts = !m.counts
	case m.blame.open || m.thread != 0:
		return nil, false
	case key.Matches(msg, keys.Enter) && m.blame.under:
		m.openBlame()
	case key.Matches(msg, keys.Enter):
		i, _ := m.threads.Cursor()
		return m.openThread(max(0, i)), true
	case key.Matches(msg, keys.Escape):
		m.filterThreads("")
	case key.Matches(msg, keys.Filter):
		m.prompt.start(promptThreads, m.threadFilter)
	case key.Matches(msg, keys.Sort):
		m.sortThreads(1)
	case key.Matches(msg, keys.SortBack):
		m.sortThreads(-1)
	case key.Matches(msg, keys.Reverse):
		by, falling := m.threads.SortedBy()
		m.threads.Sort(by, !falling)
	case key.Matches(msg, keys.Digit):
		if fields := m.threadFields(); int(msg.String()[0]-'1') < len(fields) {
			m.sortThreadsBy(fields[msg.String()[0]-'1'])
		}
	default:
		return nil, false
	}
	return nil, true
}

// threadsWidth is how many cells the threads have.
func (m *Model) threadsWidth() int { return m.gilParts(m.width, m.height).left }

func (m *Model) threadFields() []string {
	var fields []string
	for _, c := range m.threads.Layout(m.threadsWidth()-gutter-1, gap2) {
		if c.Sorts() {
			fields = append(fields, c.Field)
		}
	}
	return fields
}

func (m *Model) sortThreads(n int) {
	fields := m.threadFields()
	by, _ := m.threads.SortedBy()
	i := slices.Index(fields, by)
	m.sortThreadsBy(fields[(i+n+len(fields))%len(fields)])
}

// sortThreadsBy orders by a column; the same again turns round.
func (m *Model) sortThreadsBy(field string) {
	if by, falling := m.threads.SortedBy(); by == field {
		m.threads.Sort(by, !falling)
		return
	}
	for _, c := range m.threads.Columns {
		if c.Field == field {
			m.threads.Sort(field, c.Falling)
		}
	}
}

// filterThreads shows the threads whose name or running function matches, of
// the process that was chosen.
func (m *Model) filterThreads(text string) {
	m.threadFilter = text
	m.showPIDs(m.shown)
	match, only := filterThread(text), m.only
	if only == nil {
		m.threads.Filter(match)
		return
	}
	m.threads.Filter(func(t *collect.ThreadRow) bool { return t.PID == only.PID && (match == nil || match(t)) })
}

// clickThread is a click on a line of the pane, of which so many are drawn:
// active it may have more.
func (m *Model) clickThread(x, line, height int) tea.Cmd {
	p, blame := m.gilParts(m.width, height), -1
	if m.paneMeasured() {
		blame = m.blameAt(p, height)
	}
	m.pane = paneGIL
	switch {
	case !m.paneMeasured() || m.thread != 0 || m.blame.open:
		return nil
	case line == blame && !m.paneFree():
		m.openBlame()
		return nil
	case x >= p.left:
		return nil
	}
	if line == threadHead-1 {
		for _, c := range m.threads.Layout(p.left-gutter-1, gap2) {
			if x >= gutter+c.X-gap2 && x < gutter+c.X+c.Width && c.Sorts() {
				m.sortThreadsBy(c.Field)
				break
			}
		}
		return nil
	}
	first := m.threads.Offset(p.rows)
	i := first + line - threadHead
	if line < threadHead || i >= m.threads.Len() || line >= threadHead+p.rows {
		return nil
	}
	if at, ok := m.threads.Cursor(); ok && at == i && !m.blame.under {
		return m.openThread(i)
	}
	m.blame.under = false
	m.threads.Place(i)
	return nil
}

// blameAt is at which line of the pane the blame line is.
func (m *Model) blameAt(p gilParts, height int) int {
	drawn := min(p.rows, m.threads.Len())
	if m.threads.Len() == 0 && m.threadsOf(m.shown) > 0 {
		drawn = 1 // which says so
	}
	if p.left == m.width {
		return threadHead + drawn
	}
	return max(threadHead+drawn, len(m.sideLines(m.width-p.left-sideGap, height-1)))
}

// moveThread moves the cursor among the threads, and from the last one on to
// the blame line; in details it scrolls, and by pages in a stack that is to
// blame.
func (m *Model) moveThread(n int, page bool) {
	at, ok := m.threads.Cursor()
	switch {
	case m.blame.open && page:
		m.blame.scroll.move(n)
	case m.blame.open:
		m.moveBlame(n)
	case m.thread != 0:
		m.threadScroll.move(n)
	case n == -far:
		m.blame.under = false
		m.threads.Release()
	case m.blame.under:
		if n < 0 {
			m.blame.under = false
			m.threads.Move(n+1, m.threadRows())
		}
	case n > 0 && n != far && (ok && at == m.threads.Len()-1 || m.threads.Len() == 0) && len(m.blamedRows()) > 0:
		m.blame.under = true
	case page && !ok: // pages need no cursor
		m.threads.Scroll(n, m.threadRows())
	case page:
		m.threads.Scroll(n, m.threadRows())
		m.threads.Move(n, m.threadRows())
	default:
		m.threads.Move(n, m.threadRows())
	}
}
