package tui

import (
	"fmt"
	"strings"
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
	id  uint64
	one *collect.DumpThread
	err error
}

// openThread shows the i-th thread in full.
func (m *Model) openThread(i int) tea.Cmd {
	if i >= m.threads.Len() {
		return nil
	}
	m.thread = m.threads.Row(i).ID
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
	id, pid, tid := t.ID, t.PID, t.TID
	return func() tea.Msg {
		if !m.gate.enter() {
			return nil
		}
		defer m.gate.leave()
		one, err := source.Stack(pid, tid)
		return stackMsg{id, one, err}
	}
}

func (m *Model) stackRead(msg stackMsg) tea.Cmd {
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

// waitedFor names the threads from which another took the GIL most often in
// the interval.
func (m *Model) waitedFor(g *collect.GILRow, t *collect.ThreadRow) string {
	var names []string
	for _, p := range g.PairRows {
		if p.To == t.ID && p.Delta > 0 && len(names) < 3 {
			names = append(names, m.pairName(g.PID, p.From, p.FromTID)+" "+format.Rate(p.PerS)+"/s")
		}
	}
	return strings.Join(names, ", ")
}

// threadDetails is one thread, in full.
func (m *Model) threadDetails(width, height int) []string {
	st := m.styles
	t := m.threads.Find(m.thread)
	head := []piece{{text: "THREAD", ink: st.title}}
	back := []piece{{text: "Esc back", ink: st.dim}}
	if t == nil {
		return clip([]string{m.line(width, append(head, piece{text: "it is no more", ink: st.dim, gap: "  "}), back)}, height)
	}
	head = append(head, piece{text: format.Whole(t.TID) + "  " + threadName(t), ink: st.bold, gap: "  "}, piece{text: t.State, ink: st.dim, gap: "  "})
	lines := []string{m.line(width, head, back)}
	say := func(format string, a ...any) {
		lines = append(lines, "   "+m.signs.CutRight(fmt.Sprintf(format, a...), width-4))
	}
	if m.stack.id == t.ID {
		lines = append(lines, m.stackLines(width)...)
	} else if t.Place.Function != "" {
		say("runs    %s  %s", format.Plain(t.Place.Function), format.FullPlace(t.Place.File, t.Place.Line))
	}
	if t.Measured && t.NoGIL {
		for _, line := range m.waitLines(t) {
			say("%s", line)
		}
	} else if t.Measured {
		say("holds   %s, %s in all, longest %s, %s forced drops", format.Count(t.Holds), m.signs.Duration(t.Hold), m.signs.Duration(t.HoldMax), format.Count(t.Forced))
		say("        %s", m.histogram(t.HoldHist))
		say("waits   %s, %s in all, longest %s", format.Count(t.Waits), m.signs.Duration(t.Wait), m.signs.Duration(t.WaitMax))
		say("        %s", m.histogram(t.WaitHist))
		say("caused  %s of waiting while it held the GIL", m.signs.Duration(t.Caused))
	}
	for i := range m.shown.GILs {
		g := &m.shown.GILs[i]
		lines = append(lines, m.longHolds(g, t, width)...)
		if from := m.waitedFor(g, t); from != "" {
			say("takes over from %s", from)
		}
		for _, b := range g.Blamed {
			if g.PID != t.PID || b.Thread != t.TID || b.Place.Function == "" {
				continue
			}
			lines = append(lines, "")
			say("%s made others wait %s, in:", format.Plain(b.Place.Function), m.signs.Duration(b.Wait))
			for _, p := range b.Stack {
				say("    %s  %s", format.Plain(p.Function), format.FullPlace(p.File, p.Line))
			}
		}
	}
	return clip(lines, height)
}

// histogram draws the buckets of times from the first to the last that is not empty.
func (m *Model) histogram(buckets []uint64) string {
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
	return m.signs.Duration(time.Duration(1)<<first) + " " + m.signs.Spark(values) + " " + m.signs.Duration(time.Duration(1)<<(last+1))
}

// mostHoldsShown is how many long holds of a thread are listed.
const mostHoldsShown = 5

// longHolds are the last long holds of a thread, the newest first.
func (m *Model) longHolds(g *collect.GILRow, t *collect.ThreadRow, width int) []string {
	var lines []string
	for i := len(g.LongHolds) - 1; i >= 0 && len(lines) < mostHoldsShown; i-- {
		h := &g.LongHolds[i]
		if g.PID != t.PID || h.TID != t.TID {
			continue
		}
		text := "long    " + format.Clock(h.Began) + "  held it for " + m.signs.Duration(h.Lasted) + " at least"
		if len(h.Stack) > 0 {
			p := h.Stack[0]
			text += "  " + format.Plain(p.Function) + "  " + format.FullPlace(p.File, p.Line)
		}
		lines = append(lines, "   "+m.signs.CutRight(text, width-4))
	}
	return lines
}
