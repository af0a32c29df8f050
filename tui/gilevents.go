package tui

import (
	"cmp"
	"slices"
	"time"

	"pytop/collect"
	"pytop/tui/format"
)

// longEvent is a long hold or a long wait, in words.
type longEvent struct {
	began time.Time
	pid   int
	tid   int
	what  string
	where []collect.Place // of who held it
	// native is where in machine code the holder was; nil: it is a wait.
	native *collect.Native
}

// longEvents are the long holds and waits of a thread, of all of the pane's
// GILs with nil: the newest first.
func (m *Model) longEvents(of *collect.ThreadRow) []longEvent {
	var list []longEvent
	gils := m.paneGILs()
	for i := range gils {
		g := &gils[i]
		if of != nil && of.PID != g.PID {
			continue
		}
		for k := range g.LongHolds {
			if h := &g.LongHolds[k]; of == nil || h.TID == of.TID {
				list = append(list, longEvent{h.Began, g.PID, h.TID, "held it for " + m.signs.Duration(h.Lasted) + " at least", h.Stack, &h.Native})
			}
		}
		for k := range g.LongWaits {
			if w := &g.LongWaits[k]; of == nil || w.TID == of.TID {
				what := "waited " + m.signs.Duration(w.Lasted) + " at least"
				if w.Holder != 0 {
					what += ", " + m.threadWords(g.PID, w.Holder) + " had it"
				}
				list = append(list, longEvent{w.Began, g.PID, w.TID, what, w.HolderStack, nil})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b longEvent) int {
		return cmp.Or(b.began.Compare(a.began), cmp.Compare(a.tid, b.tid))
	})
	return list
}

// eventsOf is how many there are.
func (m *Model) eventsOf(t *collect.ThreadRow) int { return len(m.longEvents(t)) }

// words is an event in one line, with the function that held the GIL.
func (e *longEvent) words(m *Model, who string, width int) string {
	text := format.Clock(e.began) + "  " + who + e.what
	if len(e.where) > 0 {
		p := e.where[0]
		text += "  " + m.signs.CutName(format.Plain(p.Function), max(8, width-format.Width(text)-2))
		if room := width - format.Width(text) - 2; room >= 12 {
			text += "  " + format.FilePlace(p.File, p.Line).Fit(m.signs, room).String()
		}
	}
	return m.signs.CutRight(text, width)
}

// eventTable is the last long holds and waits of all threads, in so many lines.
func (m *Model) eventTable(width, height int) []string {
	lines := []string{"", m.line(width, []piece{{text: "LONG", ink: m.styles.idle}, {text: "holds and waits of 100 ms and more, the last ones", ink: m.styles.dim, gap: "  "}}, nil)}
	for _, e := range m.longEvents(nil) {
		who := m.threadWords(e.pid, e.tid) + " "
		if m.several() {
			who = pidText(e.pid) + ", " + who
		}
		lines = append(lines, format.Blank(gutter)+e.words(m, who, width-gutter-1))
	}
	return clip(lines, height)
}

// mostEventsShown is how many long holds and waits of a thread are listed.
const mostEventsShown = 8

// threadEvents are the last long holds and waits of a thread.
func (m *Model) threadEvents(t *collect.ThreadRow, width int) []string {
	var lines []string
	events := m.longEvents(t)
	for i, e := range events[:min(len(events), mostEventsShown)] {
		head := "        "
		if i == 0 {
			head = "long    "
		}
		room := width - gutter - 1 - len(head)
		lines = append(lines, format.Blank(gutter)+head+e.words(m, "", room))
		if e.native == nil {
			continue
		}
		for _, line := range m.nativeLines(e.native) {
			lines = append(lines, format.Blank(gutter+len(head)+2)+m.signs.CutRight(line, room-2))
		}
	}
	return lines
}
