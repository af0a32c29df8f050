package tui

import (
	"pytop/collect"
	"pytop/tui/format"
)

// gilMeasured tells whether there is something to show of the GIL.
func gilMeasured(s *collect.Snapshot) bool { return s != nil && len(s.GILs)+len(s.Worlds) > 0 }

// worstGIL is the GIL that is waited for most.
func worstGIL(s *collect.Snapshot) *collect.GILRow { return worstOf(s.GILs) }

// worstOf is the one of them that is waited for most, of those that are
// measured: of another, whose process ended say, nothing is said.
func worstOf(gils []collect.GILRow) *collect.GILRow {
	worst := &gils[0]
	for i := range gils {
		switch g := &gils[i]; {
		case g.Counting != worst.Counting:
			if g.Counting {
				worst = g
			}
		case g.WaitShare > worst.WaitShare || g.WaitShare == worst.WaitShare && g.HeldShare > worst.HeldShare:
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
	if !g.Counting {
		return []piece{{text: m.signs.Unknown + " held", ink: st.bold, gap: " "}}
	}
	mark := m.gilMark(g.PID)
	held, forced := format.HeadPercent(g.HeldShare)+" held", piece{text: mark + format.Rate(g.ForcedPerS) + " forced/s", ink: st.plain, gap: "  ", rank: 6}
	if g.Estimated {
		held, forced = m.signs.Estimate+held, piece{text: "estimates", ink: st.amber, gap: "  "}
	} else {
		held = mark + held
	}
	left := []piece{{text: held, ink: st.bold, gap: " "}, {text: mark + format.Rate(g.SwitchesPerS) + " switches/s", ink: st.plain, gap: "  "}, forced}
	if n, _ := measuredGILs(s.GILs); n > 1 || len(s.Processes) > 1 {
		left = append(left, m.worst(gilOwner(g, s.GILs), n)...)
	}
	if g.Holder != 0 {
		left = append(left, piece{text: m.holderName(s, g) + " has it", ink: st.plain, gap: "  ", rank: 2})
		if g.HeldFor > 0 {
			text := "for " + m.signs.Duration(g.HeldFor)
			if g.AtLeast {
				text += " at least"
			}
			left = append(left, piece{text: text, ink: st.plain, gap: " ", rank: 4})
		}
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

// gilLines is how many lines the pane would like: all that it has to say when
// it is the active one on a small screen.
func (m *Model) gilLines() int {
	if !m.paneMeasured() {
		return 1
	}
	threads := max(2, m.threadsOf(m.shown))
	switch {
	case m.width >= sideFrom:
		switches := min(m.switchesWanted(m.sideWidth(m.width)-sideGap), mostPairsBeside)
		return max(threadHead+min(threads, 8), switches) + 1
	case m.pane == paneGIL:
		return threadHead + threads + 1 + m.switchesWanted(m.width-2*gutter)
	}
	return threadHead + min(threads, 8) + 1
}

// threadHead is how many lines are above the threads.
const threadHead = 2

const (
	sideFrom        = 110 // width from which on the switches are beside the threads
	sideGap         = 3
	mostPairsBeside = 11 // lines of switches that the pane grows for, beside threads
)

// gilParts is how the pane is shared out, in lines.
type gilParts struct {
	left     int // cells of the threads; what is right of them has the switches
	rows     int // threads
	switches int // under the threads
	blame    int // more than the one line
	events   int // long holds and waits
}

// gilParts shares out the pane. Switches are beside the threads on a wide
// screen; under them when the pane is the active one of a narrow screen, or
// alone, where all threads' columns are wanted, and more is to be said.
func (m *Model) gilParts(width, height int) gilParts {
	alone := m.zoomed && m.pane == paneGIL
	p := gilParts{left: width, rows: max(0, height-threadHead-1)}
	switch {
	case !m.paneMeasured():
		return p
	case width >= sideFrom && !alone:
		p.left = width - m.sideWidth(width)
		return p
	case m.pane != paneGIL:
		return p
	}
	room := p.rows
	want := max(1, m.threadsOf(m.shown))
	p.rows = min(want, max(2, room/2))
	room -= p.rows
	take := func(want, least int) int {
		if want = min(want, room); want < least {
			return 0
		}
		room -= want
		return want
	}
	p.switches = take(m.switchesWanted(width-2*gutter), 2)
	if alone {
		p.blame = take(min(2+len(m.blamedRows()), 8), 4)
		p.events = take(min(2+m.eventsOf(nil), 12), 3)
	}
	p.rows += take(want-p.rows, 1)
	return p
}

// threadRows is how many threads are drawn.
func (m *Model) threadRows() int {
	for _, a := range m.layout().areas {
		if a.pane == paneGIL {
			return max(1, m.gilParts(m.width, a.height).rows)
		}
	}
	return 1
}

// gilLinesInView is how many lines are drawn of what one moves through in the
// pane: of a stack that is to blame, of a thread's details, else threads.
func (m *Model) gilLinesInView(height int) int {
	switch {
	case m.blame.open:
		return max(1, height-blameHead(len(m.blamedRows()), height))
	case m.thread != 0:
		return max(1, height-1)
	}
	return max(1, m.gilParts(m.width, height).rows)
}

// wheelGIL scrolls what the pane shows.
func (m *Model) wheelGIL(n int) {
	switch {
	case m.blame.open:
		m.blame.scroll.move(n)
	case m.thread != 0:
		m.threadScroll.move(n)
	default:
		m.threads.Scroll(n, m.threadRows())
	}
}

// gilPane shows who holds the GIL, who waits, who switches, who is to blame.
func (m *Model) gilPane(width, height int) []string {
	s := m.shown
	if !m.paneMeasured() {
		text := "not measured"
		if s != nil {
			text = m.gilReason(s)
		}
		return clip([]string{m.line(width, []piece{{text: "GIL", ink: m.titleInk(paneGIL)}, {text: text, ink: m.styles.dim, gap: "  ", flex: true}}, nil)}, height)
	}
	switch {
	case m.blame.open:
		return m.blameView(width, height)
	case m.thread != 0:
		return m.threadDetails(width, height)
	}
	p := m.gilParts(width, height)
	lines := append([]string{m.gilTitle(p.left)}, m.threadsView(p.left, p.rows)...)
	if p.left < width {
		lines = m.beside(lines, p.left, width, height-1)
	}
	if m.paneFree() {
		lines = append(lines, m.worldLine(m.paneWorld(), width))
	} else {
		lines = append(lines, m.blameLine(m.paneGIL(), width))
	}
	if p.switches > 0 {
		lines = append(lines, indent(m.sideLines(width-2*gutter, p.switches))...)
	}
	if p.blame > 0 {
		lines = append(lines, m.blameTable(width, p.blame)...)
	}
	if p.events > 0 {
		lines = append(lines, m.eventTable(width, p.events)...)
	}
	return clip(lines, height)
}

func (m *Model) gilTitle(width int) string {
	title := []piece{
		{text: "GIL", ink: m.titleInk(paneGIL)},
		{text: m.noGILWord(), ink: m.styles.plain, gap: "  "},
		{text: m.threadsWords(), ink: m.styles.plain, gap: "  "},
	}
	title = append(title, m.whose()...)
	if text := m.followedWords(); text != "" && m.threadFilter == "" {
		title = append(title, piece{text: text, ink: m.styles.dim, gap: "   ", rank: 2, flex: true})
	}
	if m.threadFilter != "" {
		title = append(title, piece{text: "filter: " + format.Plain(m.threadFilter), ink: m.styles.accent, gap: "   ", flex: true})
	}
	return m.line(width, title, nil)
}

// sideLines are the switches; without a GIL, who stopped the world.
func (m *Model) sideLines(width, height int) []string {
	if m.paneFree() {
		return m.stopperLines(m.paneWorld(), width, height)
	}
	return m.switchLines(m.paneGIL(), width, height)
}

// beside puts the switches beside the threads, in height lines.
func (m *Model) beside(lines []string, left, width, height int) []string {
	right := m.sideLines(width-left-sideGap, height)
	out := make([]string, max(len(lines), len(right)))
	for i := range out {
		if i < len(lines) {
			out[i] = lines[i]
		}
		if i < len(right) {
			out[i] = format.Fill(out[i], left) + " " + m.styles.dim.paint(m.signs.Side) + " " + right[i]
		}
	}
	return out
}

// indent sets lines where rows begin.
func indent(lines []string) []string {
	for i, l := range lines {
		if l != "" {
			lines[i] = format.Blank(gutter) + l
		}
	}
	return lines
}
