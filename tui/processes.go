package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/table"
)

// process is a row of the processes pane.
type process struct {
	*collect.ProcessRow
	key    uint64
	age    float64 // seconds
	marked bool
}

// processView is what the screen keeps of processes.
type processView struct {
	processes *table.Table[process]
	chosen    string          // the processes pane's filter
	marked    map[uint64]bool // by key
	listing   bool            // Options.List is shown: nothing is watched
	opening   int             // processes that are being attached to
	only      *collect.Process
	together  bool // functions of all processes in one row
}

// rowsOf is what the keys do with a table, whatever its rows are.
type rowsOf interface {
	Len() int
	All() int
	Cursor() (int, bool)
	Place(i int)
	Release()
	Move(n, height int)
	Reveal(height int)
	Scroll(n, height int)
	Offset(height int) int
	Sort(field string, falling bool) bool
	First(field string) bool
	SortedBy() (string, bool)
	Fields(width, gap int) []string
}

func (m *Model) newProcessView() {
	m.marked = map[uint64]bool{}
	if m.o.List != nil && m.source == nil && m.o.Open == nil {
		m.source, m.listing, m.pane = m.o.List, true, paneProcesses
	}
	m.processes = processTable(m.signs, m.listing)
}

// table is that of the active pane; nil when it has none.
func (m *Model) table() rowsOf {
	switch m.pane {
	case paneFunctions:
		return m.functions
	case paneProcesses:
		return m.processes
	}
	return nil
}

// processKey orders by PID, and tells a process from a later one with its PID.
func processKey(p *collect.Process) uint64 {
	return uint64(p.PID)<<32 | uint64(uint32(p.Start.UnixMilli()/10))
}

// processTable makes the table of processes; listed: nothing is attached.
func processTable(signs *format.Signs, listed bool) *table.Table[process] {
	text := func(title, field string, width int, of func(p *process) string) table.Column[process] {
		return table.Column[process]{
			Title: title, Field: field, Width: width, Text: of,
			Cell: func(p *process, width int) string { return signs.CutRight(format.Plain(of(p)), width) },
		}
	}
	number := func(title, field string, width int, known func(p *process) bool, value func(p *process) float64, word func(v float64) string) table.Column[process] {
		return table.Column[process]{
			Title: title, Field: field, Width: width, Right: true, Falling: true,
			Cell: func(p *process, _ int) string {
				if !known(p) {
					return signs.Unknown
				}
				return word(value(p))
			},
			Value: func(p *process) float64 {
				if !known(p) {
					return -1
				}
				return value(p)
			},
		}
	}
	pid := number("pid", "pid", 7, func(*process) bool { return true }, func(p *process) float64 { return float64(p.Process.PID) }, whole)
	pid.Falling = false
	ownPID := number("own pid", "own_pid", 7, func(*process) bool { return true }, func(p *process) float64 {
		if p.Process.OwnPID == p.Process.PID {
			return 0
		}
		return float64(p.Process.OwnPID)
	}, func(v float64) string {
		if v == 0 {
			return signs.None
		}
		return whole(v)
	})
	ownPID.From, ownPID.Leave = 120, 9
	user := text("user", "user", 8, func(p *process) string { return orNone(signs, p.Process.User) })
	user.From, user.Leave = 90, 7
	in := text("in", "container", 12, func(p *process) string { return orNone(signs, p.Process.Container) })
	in.Grow, in.Most, in.From, in.Leave = 12, 26, 110, 8
	python := text("python", "python", 7, func(p *process) string { return orUnknown(signs, p.Process.Python) })
	build := text("build", "build", 12, func(p *process) string { return orNone(signs, p.Process.Build) })
	build.Grow, build.Most, build.From, build.Leave = 8, 24, 150, 10
	calls := text("calls", "calls_status", 12, func(p *process) string { return callsWords(signs, p, listed) })
	calls.Grow, calls.Most, calls.Leave = 30, 44, 1
	if !listed {
		calls.Width, calls.Grow, calls.Most = 11, 12, 30
	}
	rate := number("calls/s", "calls_per_s", 9, func(p *process) bool { return p.Counting }, func(p *process) float64 { return p.CallsPerS }, format.Rate)
	total := number("total", "calls", 7, func(p *process) bool { return p.Counted > 0 }, func(p *process) float64 { return float64(p.Calls) }, func(v float64) string { return format.Count(uint64(v)) })
	total.Leave = 4
	tax := number("tax %", "tax_share", 7, func(p *process) bool { return p.TaxKnown }, func(p *process) float64 { return p.TaxShare }, format.Percent)
	tax.Leave = 2
	cpu := number("cpu %", "cpu_share", 7, func(p *process) bool { return p.CPUShareKnown }, func(p *process) float64 { return p.CPUShare }, format.Percent)
	memory := number("memory", "memory_bytes", 8, func(p *process) bool { return p.Memory > 0 }, func(p *process) float64 { return float64(p.Memory) }, func(v float64) string { return format.Bytes(uint64(v)) })
	memory.Leave, memory.From = 5, 70
	threads := number("threads", "threads", 9, func(p *process) bool { return p.Threads > 0 }, func(p *process) float64 { return float64(p.Threads) }, whole)
	threads.Leave, threads.From = 6, 100
	age := number("age", "start", 10, func(p *process) bool { return p.age >= 0 }, func(p *process) float64 { return p.age }, func(v float64) string { return format.Span(time.Duration(v * float64(time.Second))) })
	age.Leave, age.From = 5, 80
	command := text("command", "command", 14, func(p *process) string { return shortCommand(p.Process.Command) })
	command.Grow = 58
	columns := []table.Column[process]{pid, ownPID, user, in, python, build, calls}
	if !listed {
		columns = append(columns, rate, total, tax, heldColumn(signs))
	}
	columns = append(columns, cpu, memory, threads, age, command)
	t := &table.Table[process]{Columns: columns, Key: func(p *process) uint64 { return p.key }}
	if listed {
		t.First("cpu_share")
	} else {
		t.First("calls_per_s")
	}
	return t
}

// heldColumn is how much of the interval a process's GIL was held.
func heldColumn(signs *format.Signs) table.Column[process] {
	return table.Column[process]{
		Title: "GIL %", Field: "gil_held_share", Width: 7, Right: true, Falling: true, Leave: 3,
		Cell: func(p *process, _ int) string {
			switch {
			case p.GIL.None:
				return signs.None
			case !p.GILHeldKnown:
				return signs.Unknown
			case p.GILEstimated:
				return signs.Estimate + format.Percent(p.GILHeldShare)
			case p.GIL.Status == collect.GILLowerBound:
				return signs.AtLeast + format.Percent(p.GILHeldShare)
			}
			return format.Percent(p.GILHeldShare)
		},
		Value: func(p *process) float64 {
			if !p.GILHeldKnown {
				return -1
			}
			return p.GILHeldShare
		},
	}
}

func whole(v float64) string { return format.Whole(int(v)) }

func orNone(signs *format.Signs, text string) string {
	if text == "" {
		return signs.None
	}
	return text
}

func orUnknown(signs *format.Signs, text string) string {
	if text == "" {
		return signs.Unknown
	}
	return text
}

// callsWords says how calls can be counted, or how true the counts are.
func callsWords(signs *format.Signs, p *process, listed bool) string {
	switch {
	case p.State == collect.Ended && !listed:
		return "ended"
	case !listed && p.Status == collect.Exact:
		return "exact"
	case !listed && p.Status == collect.LowerBound:
		return signs.AtLeast + " lower bound: " + p.Reason
	case !listed && p.Status == collect.Estimate:
		return signs.Estimate + " estimate: " + p.Reason
	case p.Reason != "" && listed:
		return "no: " + p.Reason
	case p.Reason != "":
		return "off: " + p.Reason
	case !listed:
		return "off"
	case p.Method == "":
		return "looking" + signs.Ellipsis
	}
	return p.Method
}

// several tells whether there is, or was, more than one process; R does not
// change that.
func (m *Model) several() bool {
	return m.shown != nil && (len(m.shown.Processes) != 1 || len(m.shown.Past) > 0 || m.base != nil && len(m.base.Past) > 0)
}

// setProcesses takes over a snapshot's processes.
func (m *Model) setProcesses(s *collect.Snapshot) {
	rows := make([]process, len(s.Processes))
	present := map[uint64]bool{}
	for i := range s.Processes {
		p := &s.Processes[i]
		row := process{ProcessRow: p, key: processKey(p.Process), age: -1}
		if !p.Process.Start.IsZero() {
			row.age = max(0, s.Time.Sub(p.Process.Start).Seconds())
		}
		row.marked = m.marked[row.key]
		present[row.key] = true
		rows[i] = row
	}
	for k := range m.marked {
		if m.listing && !present[k] {
			delete(m.marked, k)
		}
	}
	slices.SortFunc(rows, func(a, b process) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
	m.processes.Set(rows)
}

// filterText is the filter of the active pane.
func (m *Model) filterText() string {
	if m.pane == paneProcesses {
		return m.chosen
	}
	return m.filter
}

// matching counts the rows of the active pane that match.
func (m *Model) matching() string {
	t := m.table()
	if t == nil {
		t = m.functions
	}
	return format.Exactly(t.Len()) + " of " + format.Exactly(t.All())
}

// applyFilter shows the functions that match, of the process that was chosen.
func (m *Model) applyFilter() {
	m.filterThreads(m.threadFilter)
	match, only := filter(m.filter), m.only
	if only == nil {
		m.functions.Filter(match)
		return
	}
	m.functions.Filter(func(f *function) bool {
		return f.Code.PID == only.PID && (f.Code.Start.IsZero() || f.Code.Start.Equal(only.Start)) && (match == nil || match(f))
	})
}

// filterProcesses shows the processes of which a part of a word matches.
func (m *Model) filterProcesses(text string) {
	m.chosen = text
	part, invert := strings.CutPrefix(strings.TrimSpace(text), "!")
	part = strings.ToLower(strings.TrimSpace(part))
	if part == "" {
		m.processes.Filter(nil)
		return
	}
	has := contains(part)
	m.processes.Filter(func(p *process) bool {
		found := has(p.Process.Command) || has(p.Process.User) || has(p.Process.Container) || has(p.Process.Python) || has(p.Process.Build) || has(format.Whole(p.Process.PID))
		return found != invert
	})
}

// pressProcesses are the keys of the processes pane that mean other things elsewhere.
func (m *Model) pressProcesses(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if m.pane != paneProcesses {
		return nil, false
	}
	switch {
	case key.Matches(msg, keys.Enter) && m.listing:
		return m.watch(), true
	case key.Matches(msg, keys.Enter):
		if p := m.current(); p != nil {
			m.only, m.pane, m.thread, m.blame.open = p.Process, paneFunctions, 0, false
			m.applyFilter()
			return nil, true
		}
	case key.Matches(msg, keys.Escape) && m.chosen != "":
		m.filterProcesses("")
		return nil, true
	case key.Matches(msg, keys.Escape) && !m.listing:
		m.pane = paneFunctions
		return nil, true
	}
	return nil, false
}

// current is the process under the cursor, or the first in view.
func (m *Model) current() *process {
	i, ok := m.processes.Cursor()
	if !ok {
		i = m.processes.Offset(m.rowsInView())
	}
	if i >= m.processes.Len() {
		return nil
	}
	return m.processes.Row(i)
}

// mark marks the process under the cursor, and goes on to the next.
func (m *Model) mark() {
	p := m.current()
	if p == nil {
		return
	}
	p.marked = !p.marked
	if p.marked {
		m.marked[p.key] = true
	} else {
		delete(m.marked, p.key)
	}
	if _, ok := m.processes.Cursor(); !ok {
		m.processes.Move(1, m.rowsInView())
	}
	m.processes.Move(1, m.rowsInView())
}

type watchedMsg struct {
	source collect.Source
	err    error
}

// watch attaches to the processes that are marked, else to the current one.
func (m *Model) watch() tea.Cmd {
	if m.opening > 0 || m.o.Watch == nil {
		return nil
	}
	var pids []int
	for k := range m.marked {
		pids = append(pids, int(k>>32))
	}
	slices.Sort(pids)
	if p := m.current(); len(pids) == 0 && p != nil {
		pids = []int{p.Process.PID}
	}
	if len(pids) == 0 {
		return nil
	}
	m.opening = len(pids)
	open, ctx := m.o.Watch, m.context
	if ctx == nil {
		ctx = context.Background()
	}
	return func() tea.Msg {
		if !m.gate.enter() {
			return nil
		}
		defer m.gate.leave()
		source, err := open(ctx, pids)
		return watchedMsg{source, err}
	}
}

// watched shows what was attached to.
func (m *Model) watched(msg watchedMsg) tea.Cmd {
	m.opening = 0
	if msg.err != nil {
		return m.complain(format.Plain(msg.err.Error()))
	}
	m.marked = map[uint64]bool{}
	return m.turnTo(msg.source, false)
}

// canReturn tells whether there is a list to go back to.
func (m *Model) canReturn() bool { return m.o.List != nil && !m.listing && !m.helpOpen }

// toList detaches, and lists the processes again.
func (m *Model) toList() tea.Cmd {
	was := m.source
	return tea.Batch(m.turnTo(m.o.List, true), func() tea.Msg {
		if !m.gate.enter() {
			return nil
		}
		defer m.gate.leave()
		_ = was.Close() // what cannot be detached goes with pytop
		return nil
	})
}

// turnTo shows another source from its beginning.
func (m *Model) turnTo(source collect.Source, listing bool) tea.Cmd {
	m.source, m.listing = source, listing
	m.pane = paneFunctions
	if listing {
		m.pane = paneProcesses
	}
	m.processes = processTable(m.signs, listing)
	m.chosen, m.only = "", nil
	m.functions.Set(nil)
	m.functions.Release()
	// IDs of threads begin at 1 in each source.
	m.threads.Set(nil)
	m.threads.Release()
	m.thread, m.threadScroll, m.threadFilter, m.stack, m.blame = 0, scroller{}, "", threadStack{}, blameView{}
	m.waited, m.spark = nil, nil
	m.prev, m.last, m.base, m.latest, m.shown, m.failed = nil, nil, nil, nil, nil, nil
	m.rates, m.history, m.frozen, m.past, m.gaps, m.paused = nil, history{}, nil, nil, nil, false
	m.braked, m.away, m.brakeWanted, m.details = time.Time{}, time.Time{}, false, details{}
	m.seq, m.inFlight = 0, false
	m.applyFilter()
	m.tick++
	return m.read()
}

// back closes what is open, one thing at a time: the choice of a process, the
// filter, then what is watched.
func (m *Model) back() tea.Cmd {
	switch {
	case m.only != nil:
		m.only = nil
		m.applyFilter()
		if m.several() {
			m.pane = paneProcesses
		}
	case m.filter != "":
		m.setFilter("")
	case m.canReturn():
		return m.toList()
	}
	return nil
}

// group puts the functions of all processes together, or apart again.
func (m *Model) group() tea.Cmd {
	if !m.several() {
		return m.say("one process is watched: there is nothing to put together")
	}
	m.together = !m.together
	m.show(m.shown)
	if m.together {
		return m.say("functions of all processes together")
	}
	return m.say("functions of each process")
}

// grouped makes one row of the functions that have file, name and line in
// common, if that is wanted. Rows stay in ascending ID, that of the first.
func (m *Model) grouped(rows []function) []function {
	if !m.together {
		return rows
	}
	type name struct {
		file, function string
		line           int
	}
	at := make(map[name]int, len(rows))
	out := make([]function, 0, len(rows))
	for _, f := range rows {
		k := name{f.Code.File, f.Code.Function, f.Code.Line}
		i, ok := at[k]
		if !ok {
			at[k] = len(out)
			sum := *f.FunctionRow
			f.FunctionRow, f.group = &sum, 1
			out = append(out, f)
			continue
		}
		g := &out[i]
		g.group++
		g.Calls += f.Calls
		g.CallsDelta += f.CallsDelta
		g.CallsPerS += f.CallsPerS
		g.CallsShare += f.CallsShare
		g.Resumes += f.Resumes
		g.ResumesDelta += f.ResumesDelta
		g.ResumesPerS += f.ResumesPerS
		g.HasResumes = g.HasResumes || f.HasResumes
		g.counted = g.counted || f.counted
		g.bounded = g.bounded || f.bounded
		g.quiet = min(g.quiet, f.quiet)
		if weight[f.Status] > weight[g.Status] {
			g.Status = f.Status
		}
	}
	return out
}

// pidCell is whose function a row is.
func pidCell(signs *format.Signs, f *function) string {
	switch {
	case f.group > 1:
		return signs.Times + format.Whole(f.group)
	case f.Code.PID == 0:
		return "ended"
	}
	return format.Whole(f.Code.PID)
}

// listHeader is the first lines of the screen while nothing is watched.
func (m *Model) listHeader(width int) []string {
	st, s, dot := m.styles, m.shown, m.signs.Dot
	left := []piece{{text: "pytop", ink: st.title}}
	if s == nil {
		return []string{m.line(width, append(left, piece{text: "looking for CPythons" + m.signs.Ellipsis, ink: st.bold, gap: dot}), nil), "", ""}
	}
	left = append(left, piece{text: format.Exactly(len(s.Processes)) + " CPythons", ink: st.bold, gap: dot})
	right := []piece{
		{text: format.Plain(s.Host), ink: st.dim, rank: 4}, {text: "every " + format.Interval(m.delay), ink: st.dim, gap: dot, rank: 2}, {text: format.Clock(s.Time), ink: st.plain, gap: dot},
	}
	state := "no probe is attached" + dot + "Enter watches one, space marks several"
	color := st.plain
	switch {
	case m.paused:
		state, color = " paused since "+format.Clock(s.Time)+" ", st.badge
	case m.opening == 1:
		state, color = "attaching"+m.signs.Ellipsis, st.amber
	case m.opening > 1:
		state, color = "attaching to "+format.Whole(m.opening)+" processes"+m.signs.Ellipsis, st.amber
	case len(m.marked) > 0:
		state = format.Whole(len(m.marked)) + " marked" + dot + "Enter watches them"
	}
	can, cannot, unknown := 0, 0, 0
	for _, p := range s.Processes {
		switch {
		case p.Reason != "":
			cannot++
		case p.Method == "":
			unknown++
		default:
			can++
		}
	}
	third := []piece{{text: format.Exactly(can) + " can be counted", ink: st.dim}}
	if cannot > 0 {
		third = append(third, piece{text: format.Exactly(cannot) + " cannot", ink: st.amber, gap: dot})
	}
	if unknown > 0 {
		third = append(third, piece{text: format.Exactly(unknown) + " being looked at", ink: st.dim, gap: dot})
	}
	cost := m.cost(s, width)
	return []string{m.line(width, left, right), m.line(width, []piece{{text: state, ink: color}}, cost[len(cost)-1:]), m.line(width, third, nil)}
}

// processesPane draws the processes: title, columns, rows.
func (m *Model) processesPane(width, height int) []string {
	st := m.styles
	count := ""
	if m.shown != nil {
		count = format.Exactly(m.processes.All())
		if m.chosen != "" {
			count = format.Exactly(m.processes.Len()) + " of " + count
		}
		if n := len(m.shown.Past); n > 0 {
			count += ", " + format.Exactly(n) + " ended before"
		}
	}
	var right []piece
	if m.chosen != "" {
		right = append(right, piece{text: "filter: " + format.Plain(m.chosen), ink: st.accent, flex: true, gap: "   "})
	}
	lines := []string{m.line(width, []piece{{text: "PROCESSES", ink: m.titleInk(paneProcesses)}, {text: count, ink: st.plain, gap: "  "}}, right)}
	columns := m.processes.Layout(width-gutter-1, gap2)
	by, falling := m.processes.SortedBy()
	lines = append(lines, titles(m, columns, by, falling))
	say := func(text string) []string {
		return clip(append(lines, format.Blank(gutter)+st.amber.paint(m.signs.CutRight(text, width-gutter-1))), height)
	}
	switch {
	case m.shown == nil:
		return clip(lines, height)
	case m.processes.All() == 0:
		return say("no CPython runs here that pytop can see" + m.signs.Dot + "pytop demo starts one")
	case m.processes.Len() == 0:
		return say("no process matches " + m.signs.Quote(format.Plain(m.chosen)) + m.signs.Dot + "Esc clears the filter")
	}
	rows := max(0, height-len(lines))
	first := m.processes.Offset(rows)
	cursor, ok := m.processes.Cursor()
	for i := first; i < min(first+rows, m.processes.Len()); i++ {
		lines = append(lines, m.processRow(m.processes.Row(i), columns, width, ok && i == cursor))
	}
	return clip(lines, height)
}

func (m *Model) processRow(p *process, columns []table.Placed[process], width int, cursor bool) string {
	st := m.styles
	head := " "
	if cursor {
		head += m.signs.Cursor
	} else {
		head += " "
	}
	if p.marked {
		head += "*"
	} else {
		head += " "
	}
	var b strings.Builder
	b.WriteString(st.accent.paintOn(cursor, head))
	used := gutter
	for i, c := range columns {
		if i > 0 {
			b.WriteString(st.plain.paintOn(cursor, format.Blank(gap2)))
			used += gap2
		}
		used += c.Width
		text := format.Left(c.Cell(p, c.Width), c.Width)
		if c.Right {
			text = format.Right(c.Cell(p, c.Width), c.Width)
		}
		b.WriteString(m.processInk(p, c.Field).paintOn(cursor, text))
	}
	if cursor {
		b.WriteString(st.plain.paintOn(true, format.Blank(width-used)))
	}
	return b.String()
}

// processInk is dim for what is at rest or matters less, amber for what is
// not counted as it should be.
func (m *Model) processInk(p *process, field string) ink {
	st := m.styles
	switch {
	case p.marked:
		return st.accent
	case p.State == collect.Ended:
		return st.dim
	case field == "calls_status" && p.Reason != "", field == "tax_share" && p.TaxKnown && p.TaxShare > taxAlert:
		return st.amber
	case field == "gil_held_share" && p.GILHeldKnown && (p.GILEstimated || p.GIL.Status == collect.GILLowerBound):
		return st.amber
	case field == "command" || field == "pid" || field == "python":
		return st.plain
	case field == "cpu_share" && p.CPUShareKnown && p.CPUShare > 0, field == "calls_per_s" && p.CallsPerS > 0:
		return st.plain
	}
	return st.dim
}

func (m *Model) clickProcess(x, line int) tea.Cmd {
	if line == 1 {
		for _, c := range m.processes.Layout(m.width-gutter-1, gap2) {
			if x >= gutter+c.X-gap2 && x < gutter+c.X+c.Width && c.Sorts() {
				m.choose(c.Field)
				break
			}
		}
		return nil
	}
	i := m.processes.Offset(m.rowsInView()) + line - 2
	if line < 2 || i >= m.processes.Len() {
		return nil
	}
	if at, ok := m.processes.Cursor(); ok && at == i {
		cmd, _ := m.pressProcesses(tea.KeyPressMsg{Code: tea.KeyEnter})
		return cmd
	}
	m.processes.Place(i)
	return nil
}

// titles writes the columns' titles, that of the sorted one with its direction.
func titles[R any](m *Model, columns []table.Placed[R], by string, falling bool) string {
	var b strings.Builder
	b.WriteString(format.Blank(gutter))
	for i, c := range columns {
		if i > 0 {
			b.WriteString(format.Blank(gap2))
		}
		title, color := c.Title, m.styles.dim
		if c.Field == by {
			color = m.styles.title
			title += " " + m.signs.Up
			if falling {
				title = c.Title + " " + m.signs.Down
			}
		}
		title = m.signs.CutRight(title, c.Width)
		if c.Right {
			b.WriteString(format.Blank(c.Width - format.Width(title)))
			b.WriteString(color.paint(title))
			continue
		}
		b.WriteString(color.paint(title))
		if i < len(columns)-1 {
			b.WriteString(format.Blank(c.Width - format.Width(title)))
		}
	}
	return b.String()
}
