package tui

import (
	"cmp"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
)

// threadStack is what the thread whose details are open runs.
type threadStack struct {
	id     uint64 // of the thread; 0: nothing was read
	asking bool   // a reading is under way
	one    *collect.DumpThread
	err    error
}

type stackMsg struct {
	source collect.Source
	id     uint64
	one    *collect.DumpThread
	err    error
}

// openThread shows the i-th thread in full.
func (m *Model) openThread(i int) tea.Cmd {
	if i >= m.threads.Len() {
		return nil
	}
	m.thread, m.threadScroll, m.blame.open = m.threads.Row(i).ID, scroller{}, false
	return m.readStack()
}

// readStack asks for the stack of the thread that is shown in full; a pause
// keeps what is there.
func (m *Model) readStack() tea.Cmd {
	source, ok := m.source.(collect.Stacks)
	t := m.threads.Find(m.thread)
	if !ok || m.thread == 0 || t == nil || t.Ended || m.stack.asking || m.final() || m.paused && m.stack.id == m.thread {
		return nil
	}
	m.stack.asking = true
	from, id, pid, tid := m.source, t.ID, t.PID, t.TID
	return func() tea.Msg {
		if !m.gate.enter() {
			return nil
		}
		defer m.gate.leave()
		one, err := source.Stack(pid, tid)
		return stackMsg{from, id, one, err}
	}
}

func (m *Model) stackRead(msg stackMsg) tea.Cmd {
	if msg.source != m.source {
		return nil // of what was watched before
	}
	m.stack = threadStack{id: msg.id, one: msg.one, err: msg.err}
	if msg.id != m.thread { // another was opened meanwhile
		return m.readStack()
	}
	return nil
}

// stackLines are the frames of the thread that is shown in full.
func (m *Model) stackLines(width int) []string {
	var lines []string
	say := func(text string) {
		lines = append(lines, "   "+m.signs.CutRight(text, width-4))
	}
	switch k := m.stack; {
	case k.err != nil:
		say("runs    its stack could not be read: " + format.Plain(k.err.Error()))
	case k.one.Reason != "":
		say("runs    no stack: " + format.Plain(k.one.Reason))
	case len(k.one.Stack) == 0:
		say("runs    no Python")
	default:
		for i, p := range k.one.Stack {
			head := "        "
			if i == 0 {
				head = "runs    "
			}
			if i == mostFramesShown && len(k.one.Stack) > i+1 {
				say(head + m.signs.Ellipsis + " " + format.Exactly(len(k.one.Stack)-i) + " more")
				break
			}
			say(head + format.Plain(p.Function) + "  " + format.FullPlace(p.File, p.Line))
		}
		if k.one.Torn {
			say("        it changed while it was read: frames may be of different moments")
		}
	}
	return lines
}

// mostFramesShown is how many frames of a stack are listed: what follows it
// is to stay on the screen.
const mostFramesShown = 12

// threadDetails is one thread, in full; what does not fit is scrolled to.
func (m *Model) threadDetails(width, height int) []string {
	st := m.styles
	t := m.threads.Find(m.thread)
	head := []piece{{text: "THREAD", ink: st.title}}
	back := []piece{{text: "Esc back", ink: st.dim}}
	if t == nil {
		return clip([]string{m.line(width, append(head, piece{text: "it is no more", ink: st.dim, gap: "  "}), back)}, height)
	}
	head = append(head, piece{text: format.Whole(t.TID) + "  " + threadName(t), ink: st.bold, gap: "  "}, piece{text: t.State, ink: st.dim, gap: "  "})
	if t.CPUKnown && !t.Ended {
		head = append(head, piece{text: format.HeadPercent(t.CPUShare) + " cpu", ink: st.plain, gap: "  ", rank: 2},
			piece{text: format.HeadPercent(t.RunShare) + " queued", ink: st.plain, gap: "  ", rank: 3})
	}
	var lines []string
	switch {
	case t.Ended:
		lines = []string{"   runs    " + m.signs.None}
	case m.stack.id == t.ID:
		lines = m.stackLines(width)
	case t.Place.Function != "":
		lines = []string{"   " + m.signs.CutRight("runs    "+format.Plain(t.Place.Function)+"  "+format.FullPlace(t.Place.File, t.Place.Line), width-4)}
	}
	lines = append(lines, m.threadCounts(t, width)...)
	for i := range m.shown.GILs {
		if g := &m.shown.GILs[i]; g.PID == t.PID {
			lines = append(lines, m.threadOthers(g, t, width)...)
		}
	}
	lines = append(lines, m.threadEvents(t, width)...)
	for i := range m.shown.GILs {
		if g := &m.shown.GILs[i]; g.PID == t.PID {
			lines = append(lines, m.threadBlame(g, t, width)...)
		}
	}
	more := ""
	if room := height - 1; len(lines) > room {
		more = m.signs.Arrows + " scroll" + m.signs.Dot
	}
	back[0].text = more + back[0].text
	return append([]string{m.line(width, head, back)}, m.threadScroll.view(lines, height-1)...)
}

// threadCounts is what a thread did with the GIL, or waited for without one.
// Where its fields were read for a time, or not all was seen, more may have
// gone by.
func (m *Model) threadCounts(t *collect.ThreadRow, width int) []string {
	if !t.Measured {
		return nil
	}
	if t.NoGIL {
		return m.waitLines(t, width)
	}
	atLeast := m.sumMark(t.PID)
	about := atLeast
	if m.part(t.PID) {
		about = m.signs.Estimate
	}
	longest := func(n uint64, d time.Duration) string {
		if n == 0 && d == 0 {
			return ""
		}
		return ", longest " + atLeast + m.signs.Duration(d)
	}
	all := func(n uint64, d time.Duration, mark string) string {
		switch {
		case n == 0 && d == 0 && atLeast != "":
			return m.signs.Unknown
		case n == 0 && d == 0:
			return "none"
		}
		return atLeast + format.Count(n) + ", " + mark + m.signs.Duration(d) + " in all"
	}
	texts := []string{"holds   " + all(t.Holds, t.Hold, about) + longest(t.Holds, t.HoldMax) + ", " + atLeast + format.Count(t.Forced) + " forced drops"}
	if t.Holds > 0 {
		texts = append(texts, "        "+histogram(m.signs, t.HoldHist))
	}
	texts = append(texts, "waits   "+all(t.Waits, t.Wait, atLeast)+longest(t.Waits, t.WaitMax))
	if t.Waits > 0 {
		texts = append(texts, "        "+histogram(m.signs, t.WaitHist))
	}
	texts = append(texts, "caused  "+atLeast+m.signs.Duration(t.Caused)+" of waiting while it held the GIL")
	lines := make([]string, len(texts))
	for i, text := range texts {
		lines[i] = "   " + m.signs.CutRight(text, width-4)
	}
	return lines
}

// part tells whether the GIL's fields were read for a time: of what takes and
// drops say more may have gone by.
func (m *Model) part(pid int) bool {
	return m.shown != nil && slices.ContainsFunc(m.shown.GILs, func(g collect.GILRow) bool { return g.PID == pid && g.Sampled > 0 })
}

// threadOthers is who made a thread wait, and whom it made wait.
func (m *Model) threadOthers(g *collect.GILRow, t *collect.ThreadRow, width int) []string {
	var lines []string
	for _, one := range []struct {
		head string
		pick func(p *collect.GILPairRow) (id uint64, other int, ok bool)
	}{
		{"made to wait by  ", func(p *collect.GILPairRow) (uint64, int, bool) { return p.From, p.FromTID, p.To == t.ID }},
		{"made wait        ", func(p *collect.GILPairRow) (uint64, int, bool) { return p.To, p.ToTID, p.From == t.ID }},
	} {
		var found []string
		for _, p := range longestWaits(g.PairRows) {
			id, tid, ok := one.pick(&p)
			if !ok || p.Wait == 0 || len(found) == mostOthersShown {
				continue
			}
			share := ""
			if g.Counting && !g.Estimated {
				share = " " + m.gilMark(g.PID) + format.HeadPercent(p.WaitShare) + ","
			}
			found = append(found, m.pairName(g.PID, id, tid)+share+" "+m.sumMark(g.PID)+m.signs.Duration(p.Wait)+" in all")
		}
		for i, text := range found {
			head := one.head
			if i > 0 {
				head = format.Blank(len(head))
			}
			lines = append(lines, "   "+m.signs.CutRight(head+text, width-4))
		}
	}
	return lines
}

// threadBlame is in which functions a thread made others wait, and in what
// stacks.
func (m *Model) threadBlame(g *collect.GILRow, t *collect.ThreadRow, width int) []string {
	var lines []string
	for i := range g.Blamed {
		b := &g.Blamed[i]
		if b.Thread != t.TID || b.Place.Function == "" || b.Wait == 0 {
			continue
		}
		lines = append(lines, "")
		lines = append(lines, "   "+m.signs.CutRight(blameName(b)+" made others wait "+m.sumMark(g.PID)+m.signs.Duration(b.Wait)+", mostly in this stack:", width-4))
		lines = append(lines, m.frames(b.Stack, width)...)
	}
	return lines
}

// mostOthersShown is how many threads are listed that made one wait.
const mostOthersShown = 4

// longestWaits are pairs of threads, what waited most in the interval first.
func longestWaits(pairs []collect.GILPairRow) []collect.GILPairRow {
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, func(a, b collect.GILPairRow) int {
		return cmp.Or(cmp.Compare(b.WaitShare, a.WaitShare), cmp.Compare(b.Wait, a.Wait))
	})
	return pairs
}

// histogram draws the buckets of times from the first to the last that is not empty.
func histogram(signs *format.Signs, buckets []uint64) string {
	first, last := -1, -1
	for i, n := range buckets {
		if n > 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return "none"
	}
	values := make([]float64, 0, last-first+1)
	for _, n := range buckets[first : last+1] {
		values = append(values, float64(n))
	}
	return signs.Duration(time.Duration(1)<<first) + " " + signs.Spark(values) + " " + signs.Duration(time.Duration(1)<<(last+1))
}
