package gil

import (
	"cmp"
	"slices"
	"time"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
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
func (f *facts) longEvents(of *collect.ThreadRow) []longEvent {
	var list []longEvent
	gils := f.paneGILs()
	for i := range gils {
		g := &gils[i]
		if of != nil && of.PID != g.PID {
			continue
		}
		for k := range g.LongHolds {
			if h := &g.LongHolds[k]; of == nil || h.TID == of.TID {
				list = append(list, longEvent{h.Began, g.PID, h.TID, "held it for " + f.Signs.Duration(h.Lasted) + " at least", h.Stack, &h.Native})
			}
		}
		for k := range g.LongWaits {
			if w := &g.LongWaits[k]; of == nil || w.TID == of.TID {
				what := "waited " + f.Signs.Duration(w.Lasted) + " at least"
				if w.Holder != 0 {
					what += ", " + f.threadWords(g.PID, w.Holder) + " had it"
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
func (f *facts) eventsOf(t *collect.ThreadRow) int { return len(f.longEvents(t)) }

// words is an event in one line, with the function that held the GIL.
func (e *longEvent) words(f *facts, who string, width int) string {
	text := format.Clock(e.began) + "  " + who + e.what
	if len(e.where) > 0 {
		p := e.where[0]
		text += "  " + f.Signs.CutName(format.Plain(p.Function), max(8, width-format.Width(text)-2))
		if room := width - format.Width(text) - 2; room >= 12 {
			text += "  " + format.FilePlace(p.File, p.Line).Fit(f.Signs, room).String()
		}
	}
	return f.Signs.CutRight(text, width)
}

// eventTable is the last long holds and waits of all threads, in so many lines.
func (f *facts) eventTable(width, height int) []string {
	lines := []string{"", f.Line(width, []pane.Piece{{Text: "LONG", Ink: f.Styles.Idle}, {Text: "holds and waits of 100 ms and more, the last ones", Ink: f.Styles.Dim, Gap: "  "}}, nil)}
	for _, e := range f.longEvents(nil) {
		who := f.threadWords(e.pid, e.tid) + " "
		if f.Several() {
			who = pane.PidText(e.pid) + ", " + who
		}
		lines = append(lines, format.Blank(pane.Gutter)+e.words(f, who, width-pane.Gutter-1))
	}
	return pane.Clip(lines, height)
}

// mostEventsShown is how many long holds and waits of a thread are listed.
const mostEventsShown = 8

// threadEvents are the last long holds and waits of a thread.
func (f *facts) threadEvents(t *collect.ThreadRow, width int) []string {
	var lines []string
	events := f.longEvents(t)
	for i, e := range events[:min(len(events), mostEventsShown)] {
		head := "        "
		if i == 0 {
			head = "long    "
		}
		room := width - pane.Gutter - 1 - len(head)
		lines = append(lines, format.Blank(pane.Gutter)+head+e.words(f, "", room))
		if e.native == nil {
			continue
		}
		for _, line := range f.nativeLines(e.native) {
			lines = append(lines, format.Blank(pane.Gutter+len(head)+2)+f.Signs.CutRight(line, room-2))
		}
	}
	return lines
}
