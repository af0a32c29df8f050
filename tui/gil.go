package tui

import (
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/table"
)

// gilMeasured tells whether there is something to show of the GIL.
func gilMeasured(s *collect.Snapshot) bool { return s != nil && len(s.GILs)+len(s.Worlds) > 0 }

// threadTable makes the table of threads.
func threadTable(signs *format.Signs) *table.Table[collect.ThreadRow] {
	type row = collect.ThreadRow
	known := func(t *row, is bool, text string) string {
		if !is {
			return signs.Unknown
		}
		return text
	}
	share := func(title, field string, leave int, is func(t *row) bool, v func(t *row) float64) table.Column[row] {
		return table.Column[row]{
			Title: title, Field: field, Width: 8, Right: true, Falling: true, Leave: leave,
			Cell: func(t *row, _ int) string { return known(t, is(t), format.HeadPercent(v(t))) }, Value: v,
		}
	}
	counted := func(t *row) bool { return t.Counting }
	cpu := func(t *row) bool { return t.CPUKnown && !t.Ended }
	longest := func(title, field string, leave int, v func(t *row) time.Duration) table.Column[row] {
		return table.Column[row]{
			Title: title, Field: field, Width: 12, Right: true, Falling: true, Leave: leave,
			Cell:  func(t *row, _ int) string { return known(t, t.Measured, signs.Duration(v(t))) },
			Value: func(t *row) float64 { return v(t).Seconds() },
		}
	}
	columns := []table.Column[row]{
		{
			Title: "tid", Field: "tid", Width: 8, Right: true, Leave: 6,
			Cell:  func(t *row, _ int) string { return format.Whole(t.TID) },
			Value: func(t *row) float64 { return float64(t.TID) },
		},
		{
			Title: "thread", Field: "name", Width: 15, Grow: 20, Most: 24,
			Cell: func(t *row, width int) string { return signs.CutRight(threadName(t), width) },
			Text: func(t *row) string { return t.Name },
		},
		share("held", "hold_share", 0, counted, func(t *row) float64 { return t.HoldShare }),
		share("waited", "wait_share", 0, counted, func(t *row) float64 { return t.WaitShare }),
		{
			Title: "takes/s", Field: "holds_per_s", Width: 8, Right: true, Falling: true, Leave: 5,
			Cell:  func(t *row, _ int) string { return known(t, t.Counting, format.Rate(t.HoldsPerS)) },
			Value: func(t *row) float64 { return t.HoldsPerS },
		},
		longest("longest hold", "hold_max_s", 3, func(t *row) time.Duration { return t.HoldMax }),
		longest("longest wait", "wait_max_s", 4, func(t *row) time.Duration { return t.WaitMax }),
		share("caused", "caused_wait_share", 7, counted, func(t *row) float64 { return t.CausedShare }),
		share("cpu", "cpu_share", 8, cpu, func(t *row) float64 { return t.CPUShare }),
		share("queued", "run_queue_share", 9, cpu, func(t *row) float64 { return t.RunShare }),
		{
			Title: "runs", Field: "function", Width: 16, Grow: 60, Leave: 10,
			Cell: func(t *row, width int) string { return signs.CutName(format.Plain(runs(t)), width) },
			Text: func(t *row) string { return t.Place.Function },
		},
	}
	t := &table.Table[row]{Columns: withoutHolds(columns, signs), Key: func(t *row) uint64 { return t.ID }}
	t.Sort("hold_share", true)
	return t
}

func threadName(t *collect.ThreadRow) string {
	name := format.Plain(t.Name)
	if name == "" {
		name = "?"
	}
	if t.Ended && t.TID != 0 {
		name += " (ended)"
	}
	return name
}

// runs is what a thread runs, or does instead.
func runs(t *collect.ThreadRow) string {
	switch {
	case t.Ended:
		return "ended"
	case t.Waiting > 0:
		return "waits: " + t.Place.Function
	case t.Pausing > 0:
		return "paused: " + t.Place.Function
	case t.Place.Function == "":
		return t.State
	}
	return t.Place.Function
}

// setThreads puts the threads of a snapshot on the screen: those that live, or
// used the GIL in the interval.
func (m *Model) setThreads(s *collect.Snapshot) {
	rows := make([]collect.ThreadRow, 0, len(s.Threads))
	for _, t := range s.Threads {
		if !t.Ended || busy(&t) || s.Final {
			rows = append(rows, t)
		}
	}
	slices.SortFunc(rows, func(a, b collect.ThreadRow) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	m.chooseColumns(s)
	m.threads.Set(rows)
	m.spark = slices.Clone(m.waited)
	m.threads.Columns[0].Leave = 6
	if m.sameNames = haveSameNames(rows); m.sameNames {
		m.threads.Columns[0].Leave = 0
	}
}

// worstGIL is the GIL that is waited for most.
func worstGIL(s *collect.Snapshot) *collect.GILRow {
	worst := &s.GILs[0]
	for i := range s.GILs {
		if g := &s.GILs[i]; g.WaitShare > worst.WaitShare || g.WaitShare == worst.WaitShare && g.HeldShare > worst.HeldShare {
			worst = g
		}
	}
	return worst
}

// gilNumbers are the header's words on the GIL.
func (m *Model) gilNumbers(s *collect.Snapshot) []piece {
	if withoutGIL(s) {
		return m.worldNumbers(s)
	}
	st, g := m.styles, worstGIL(s)
	color := st.plain
	mark := ""
	if g.Status == collect.GILSampled {
		mark, color = m.signs.Estimate, st.amber
	}
	if !g.Counting {
		return []piece{{text: m.signs.Unknown + " held", ink: st.bold, gap: " "}}
	}
	left := []piece{
		{text: mark + format.HeadPercent(g.HeldShare) + " held", ink: st.bold, gap: " "},
		{text: format.Rate(g.SwitchesPerS) + " switches/s", ink: st.plain, gap: "  "},
	}
	if g.Status == collect.GILSampled {
		left = append(left, piece{text: "estimates", ink: color, gap: "  "})
	} else {
		left = append(left, piece{text: format.Rate(g.ForcedPerS) + " forced/s", ink: st.plain, gap: "  ", rank: 6})
	}
	if len(s.GILs) > 1 {
		left = append(left, piece{text: "worst of " + format.Exactly(len(s.GILs)) + ", pid " + format.Whole(g.PID), ink: st.dim, gap: "  ", rank: 3})
	}
	if g.Holder != 0 {
		text := m.holderName(s, g) + " has it"
		if g.HeldFor > 0 {
			text += " for " + m.signs.Duration(g.HeldFor)
			if g.AtLeast {
				text += " at least"
			}
		}
		left = append(left, piece{text: text, ink: st.plain, gap: "  ", rank: 2})
	}
	if len(m.spark) > 1 {
		left = append(left, piece{text: m.signs.Spark(tail(m.spark, 20)), ink: st.spark, gap: "  ", rank: 7})
	}
	return left
}

func (m *Model) holderName(s *collect.Snapshot, g *collect.GILRow) string {
	for i := range s.Threads {
		if t := &s.Threads[i]; t.PID == g.PID && t.TID == g.Holder && !t.Ended && !m.sameNames {
			return threadName(t)
		}
	}
	return "thread " + format.Whole(g.Holder)
}

// gilLines is how many lines the pane would like.
func (m *Model) gilLines() int {
	if !gilMeasured(m.shown) {
		return 1
	}
	return 3 + max(2, min(m.threads.All(), 8))
}

// gilPane shows who holds the GIL, who waits, who switches, who is to blame.
func (m *Model) gilPane(width, height int) []string {
	s := m.shown
	if !gilMeasured(s) {
		text := "not measured"
		if s != nil {
			text = gilReason(s)
		}
		return clip([]string{m.line(width, []piece{{text: "GIL", ink: m.titleInk(paneGIL)}, {text: text, ink: m.styles.dim, gap: "  ", flex: true}}, nil)}, height)
	}
	if m.thread != 0 {
		return m.threadDetails(width, height)
	}
	active := 0
	for i := range m.threads.Len() {
		if busy(m.threads.Row(i)) {
			active++
		}
	}
	title := []piece{
		{text: "GIL", ink: m.titleInk(paneGIL)},
		{text: m.noGILWord(s), ink: m.styles.plain, gap: "  "},
		{text: format.Exactly(active) + " of " + format.Exactly(m.threads.All()) + " threads", ink: m.styles.plain, gap: "  "},
	}
	if m.threadFilter != "" {
		title = append(title, piece{text: "filter: " + format.Plain(m.threadFilter), ink: m.styles.accent, gap: "   ", flex: true})
	}
	rows := max(0, height-3)
	left, pairs := threadsWidth(width), []string(nil)
	switch {
	case left < width && withoutGIL(s):
		pairs = m.stopperLines(worstWorld(s), pairsWidth-3, rows+1)
	case left < width:
		pairs = m.pairLines(worstGIL(s), pairsWidth-3, rows+1)
	}
	lines := []string{m.line(left, title, nil)}
	columns := m.threads.Layout(left-gutter-1, gap2)
	lines = append(lines, m.threadTitles(columns))
	if m.threads.Len() == 0 && m.threads.All() > 0 {
		text := "no thread matches " + m.signs.Quote(format.Plain(m.threadFilter)) + m.signs.Dot + "Esc clears the filter"
		lines = append(lines, format.Blank(gutter)+m.styles.amber.paint(m.signs.CutRight(text, left-gutter-1)))
	}
	first := m.threads.Offset(rows)
	cursor, ok := m.threads.Cursor()
	for i := first; i < min(first+rows, m.threads.Len()); i++ {
		lines = append(lines, m.threadRow(m.threads.Row(i), columns, left, ok && i == cursor))
	}
	for i := range pairs {
		for len(lines) <= i {
			lines = append(lines, "")
		}
		lines[i] = format.Fill(lines[i], left) + " " + m.styles.dim.paint(m.signs.Side) + " " + pairs[i]
	}
	if withoutGIL(s) {
		return clip(append(lines, m.worldLine(worstWorld(s), width)), height)
	}
	return clip(append(lines, m.blameLine(worstGIL(s), width)), height)
}

// pairsWidth is how wide the switches are, beside the threads of a wide screen.
const pairsWidth = 38

// threadsWidth is how much of a width the threads have.
func threadsWidth(width int) int {
	if width >= 110 {
		return width - pairsWidth
	}
	return width
}

// threadHead is how many lines are above the threads; one is below them.
const threadHead = 2

// threadLayout is where the columns of threads stand.
func (m *Model) threadLayout() []table.Placed[collect.ThreadRow] {
	return m.threads.Layout(threadsWidth(m.width)-gutter-1, gap2)
}

// threadRows is how many threads are drawn.
func (m *Model) threadRows() int {
	for _, a := range m.layout().areas {
		if a.pane == paneGIL {
			return max(1, a.height-threadHead-1)
		}
	}
	return 1
}

func (m *Model) threadTitles(columns []table.Placed[collect.ThreadRow]) string {
	by, falling := m.threads.SortedBy()
	var b strings.Builder
	b.WriteString(format.Blank(gutter))
	for i, c := range columns {
		if i > 0 {
			b.WriteString(format.Blank(gap2))
		}
		title, color := c.Title, m.styles.dim
		if c.Field == by {
			color = m.styles.title
			sign := m.signs.Up
			if falling {
				sign = m.signs.Down
			}
			if format.Width(title)+2 <= c.Width {
				title += " " + sign
			}
		}
		title = m.signs.CutRight(title, c.Width)
		if c.Right {
			title = format.Right(title, c.Width)
		} else if i < len(columns)-1 {
			title = format.Left(title, c.Width)
		}
		b.WriteString(color.paint(title))
	}
	return b.String()
}

func (m *Model) threadRow(t *collect.ThreadRow, columns []table.Placed[collect.ThreadRow], width int, cursor bool) string {
	st := m.styles
	color := st.plain
	if !busy(t) {
		color = st.dim
	}
	var b strings.Builder
	if cursor {
		b.WriteString(st.accent.paintOn(true, " "+m.signs.Cursor+" "))
	} else {
		b.WriteString(format.Blank(gutter))
	}
	used := gutter
	for i, c := range columns {
		if i > 0 {
			b.WriteString(st.plain.paintOn(cursor, format.Blank(gap2)))
			used += gap2
		}
		used += c.Width
		text := c.Cell(t, c.Width)
		if c.Right {
			text = format.Right(text, c.Width)
		} else {
			text = format.Left(text, c.Width)
		}
		b.WriteString(color.paintOn(cursor, text))
	}
	if cursor {
		b.WriteString(st.plain.paintOn(true, format.Blank(width-used)))
	}
	return b.String()
}

// pairLines are the pairs of threads between which it went most often.
func (m *Model) pairLines(g *collect.GILRow, width, height int) []string {
	st := m.styles
	lines := []string{m.styles.idle.paint("SWITCHES") + st.dim.paint(" from "+m.signs.Turn+" to")}
	if g.Status == collect.GILSampled {
		return append(lines, st.dim.paint("not measured while its fields are read"))
	}
	for _, p := range g.PairRows[:min(len(g.PairRows), max(0, height-1))] {
		if p.Delta == 0 {
			break
		}
		rate := format.Rate(p.PerS) + "/s"
		names := m.pairName(g.PID, p.From, p.FromTID) + " " + m.signs.Turn + " " + m.pairName(g.PID, p.To, p.ToTID)
		lines = append(lines, format.Left(m.signs.CutRight(names, width-10), width-9)+format.Right(rate, 9))
	}
	return lines
}

func (m *Model) pairName(pid int, id uint64, tid int) string {
	if t := m.threads.Find(id); t != nil && t.PID == pid {
		if name := threadName(t); name != "?" && !m.sameNames {
			return name
		}
	}
	if tid == 0 {
		return "ended"
	}
	return format.Whole(tid)
}

// haveSameNames tells whether threads cannot be told apart by their names:
// before 3.14 CPython does not tell the kernel what they are called.
func haveSameNames(rows []collect.ThreadRow) bool {
	seen := map[string]bool{}
	for i := range rows {
		if seen[rows[i].Name] {
			return true
		}
		seen[rows[i].Name] = true
	}
	return false
}

// blameLine names who made others wait.
func (m *Model) blameLine(g *collect.GILRow, width int) string {
	st := m.styles
	if g.Status == collect.GILSampled {
		return m.line(width, []piece{{text: "blame: not measured while its fields are read", ink: st.dim}}, nil)
	}
	if len(g.Blamed) == 0 || g.Blamed[0].Delta == 0 {
		return m.line(width, []piece{{text: "blame: nobody had to wait", ink: st.dim}}, nil)
	}
	b := g.Blamed[0]
	name, place := "a stack that could not be read", ""
	if b.Place.Function != "" {
		name = format.Plain(b.Place.Function)
		place = format.FilePlace(b.Place.File, b.Place.Line).Fit(m.signs, max(12, width/3)).String()
	}
	return m.line(width, []piece{
		{text: "blame:", ink: st.dim},
		{text: m.signs.CutName(name, max(16, width/3)), ink: st.bold, gap: " "},
		{text: place, ink: st.dim, gap: "  ", rank: 2},
		{text: "made others wait " + format.HeadPercent(b.Share) + " of the interval", ink: st.plain, gap: "  ", rank: 1},
		{text: m.signs.Duration(b.Wait) + " in all", ink: st.dim, gap: "  ", rank: 3},
	}, nil)
}

// pressGIL are the keys that mean something of their own in this pane.
func (m *Model) pressGIL(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if !gilMeasured(m.shown) {
		return nil, false
	}
	switch {
	case key.Matches(msg, keys.Enter):
		if m.thread != 0 {
			m.thread = 0
		} else if i, ok := m.threads.Cursor(); ok {
			return m.openThread(i), true
		} else {
			return m.openThread(0), true
		}
	case key.Matches(msg, keys.Escape) && m.thread != 0:
		m.thread = 0
	case m.thread != 0:
		return nil, false
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

func (m *Model) threadFields() []string {
	var fields []string
	for _, c := range m.threadLayout() {
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

// filterThreads shows the threads whose name or running function matches.
func (m *Model) filterThreads(text string) {
	m.threadFilter = text
	m.threads.Filter(filterThread(text))
}

// clickThread is a click on a line of the pane.
func (m *Model) clickThread(x, line int) tea.Cmd {
	if !gilMeasured(m.shown) || m.thread != 0 || x >= threadsWidth(m.width) {
		return nil
	}
	if line == threadHead-1 {
		for _, c := range m.threadLayout() {
			if x >= gutter+c.X-gap2 && x < gutter+c.X+c.Width && c.Sorts() {
				m.sortThreadsBy(c.Field)
				break
			}
		}
		return nil
	}
	rows := m.threadRows()
	i := m.threads.Offset(rows) + line - threadHead
	if line < threadHead || line >= threadHead+rows || i >= m.threads.Len() {
		return nil
	}
	if at, ok := m.threads.Cursor(); ok && at == i {
		return m.openThread(i)
	}
	m.threads.Place(i)
	return nil
}

// moveThread moves the cursor among the threads.
func (m *Model) moveThread(n int) {
	if n == -far {
		m.threads.Release()
		return
	}
	m.threads.Move(n, m.threadRows())
}

// gilPlain is the pane as text: each GIL, its threads and its switches.
func (m *Model) gilPlain(s *collect.Snapshot, width, top int) []string {
	if !gilMeasured(s) {
		return nil
	}
	if top <= 0 {
		top = len(s.Threads) + 1
	}
	var lines []string
	if withoutGIL(s) {
		return m.cutLines(m.worldPlain(s, top), width)
	}
	for i := range s.GILs {
		g := &s.GILs[i]
		head := "GIL"
		if len(s.GILs) > 1 {
			head += " of pid " + format.Whole(g.PID) + ", interpreter " + format.Whole(int(g.Interpreter))
		}
		mark := ""
		if g.Status == collect.GILSampled {
			mark = m.signs.Estimate
		}
		share := m.signs.Unknown
		if g.Measured > 0 {
			share = mark + format.HeadPercent(g.Held.Seconds()/g.Measured.Seconds())
		}
		lines = append(lines, "", head+": held "+share+" of "+m.signs.Duration(g.Measured)+m.signs.Dot+format.Count(g.Switches)+" switches"+m.signs.Dot+string(g.Status))
		for _, b := range g.Blamed[:min(len(g.Blamed), 3)] {
			if b.Place.Function != "" {
				lines = append(lines, "   "+format.Plain(b.Place.Function)+"  "+format.FullPlace(b.Place.File, b.Place.Line)+"  made others wait "+m.signs.Duration(b.Wait))
			}
		}
	}
	lines = append(lines, "", format.Right("tid", 11)+"  "+format.Left("thread", 18)+format.Right("holds", 9)+format.Right("held", 10)+format.Right("longest", 10)+format.Right("waits", 9)+format.Right("waited", 10)+format.Right("longest", 10)+format.Right("caused", 10))
	rows := slices.Clone(s.Threads)
	slices.SortStableFunc(rows, func(a, b collect.ThreadRow) int { return int(max(-1, min(1, b.Hold-a.Hold))) })
	for _, t := range rows[:min(len(rows), top)] {
		cell := func(text string, n int) string {
			if !t.Measured {
				text = m.signs.Unknown
			}
			return format.Right(text, n)
		}
		lines = append(lines, format.Right(format.Whole(t.TID), 11)+"  "+format.Left(m.signs.CutRight(threadName(&t), 17), 18)+cell(format.Count(t.Holds), 9)+
			cell(m.signs.Duration(t.Hold), 10)+cell(m.signs.Duration(t.HoldMax), 10)+cell(format.Count(t.Waits), 9)+cell(m.signs.Duration(t.Wait), 10)+
			cell(m.signs.Duration(t.WaitMax), 10)+cell(m.signs.Duration(t.Caused), 10))
	}
	for i := range s.GILs {
		for k, p := range s.GILs[i].PairRows {
			if k == 0 {
				lines = append(lines, "", format.Right("from_tid", 11)+" "+m.signs.Turn+" "+format.Left("to_tid", 10)+format.Right("count", 10))
			}
			if k == top {
				break
			}
			lines = append(lines, format.Right(format.Whole(p.FromTID), 11)+" "+m.signs.Turn+" "+format.Left(format.Whole(p.ToTID), 10)+format.Right(format.Exactly(int(p.Count)), 10))
		}
	}
	return m.cutLines(lines, width)
}

// cutLines cuts lines of plain text to a width.
func (m *Model) cutLines(lines []string, width int) []string {
	if width < unlimited {
		for i, l := range lines {
			lines[i] = m.signs.CutRight(l, width)
		}
	}
	return lines
}
