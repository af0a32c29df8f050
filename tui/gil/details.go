package gil

import (
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// Details is one thread, in full.
type Details struct {
	*facts
	ID     uint64 // of the thread; 0: none is open
	Scroll pane.Scroller
	stack  threadStack
}

// show opens a thread.
func (v *Details) show(id uint64) tea.Cmd {
	v.ID, v.Scroll = id, pane.Scroller{}
	return v.readStack()
}

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

// readStack asks for the stack of the thread that is shown in full; a pause
// keeps what is there.
func (v *Details) readStack() tea.Cmd {
	source, ok := v.Source.(collect.Stacks)
	t := v.Threads.Find(v.ID)
	if !ok || v.ID == 0 || t == nil || t.Ended || v.stack.asking || v.Final() || v.Paused && v.stack.id == v.ID {
		return nil
	}
	v.stack.asking = true
	from, id, pid, tid := v.Source, t.ID, t.PID, t.TID
	return v.Beside(func() tea.Msg {
		one, err := source.Stack(pid, tid)
		return stackMsg{from, id, one, err}
	})
}

func (v *Details) stackRead(msg stackMsg) tea.Cmd {
	if msg.source != v.Source {
		return nil // of what was watched before
	}
	v.stack = threadStack{id: msg.id, one: msg.one, err: msg.err}
	if msg.id != v.ID { // another was opened meanwhile
		return v.readStack()
	}
	return nil
}

// stackLines are the frames of the thread that is shown in full.
func (v *Details) stackLines(width int) []string {
	var lines []string
	say := func(text string) {
		lines = append(lines, "   "+v.Signs.CutRight(text, width-4))
	}
	switch k := v.stack; {
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
				say(head + v.Signs.Ellipsis + " " + format.Exactly(len(k.one.Stack)-i) + " more")
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

// view is one thread, in full; what does not fit is scrolled to.
func (v *Details) view(width, height int) []string {
	st := v.Styles
	t := v.Threads.Find(v.ID)
	head := []pane.Piece{{Text: "THREAD", Ink: st.Title}}
	back := []pane.Piece{{Text: "Esc back", Ink: st.Dim}}
	if t == nil {
		return pane.Clip([]string{v.Line(width, append(head, pane.Piece{Text: "it is no more", Ink: st.Dim, Gap: "  "}), back)}, height)
	}
	head = append(head, pane.Piece{Text: format.Whole(t.TID) + "  " + pane.ThreadName(t), Ink: st.Bold, Gap: "  "}, pane.Piece{Text: t.State, Ink: st.Dim, Gap: "  "})
	if t.CPUKnown && !t.Ended {
		head = append(head, pane.Piece{Text: format.HeadPercent(t.CPUShare) + " cpu", Ink: st.Plain, Gap: "  ", Rank: 2},
			pane.Piece{Text: format.HeadPercent(t.RunShare) + " queued", Ink: st.Plain, Gap: "  ", Rank: 3})
	}
	var lines []string
	switch {
	case t.Ended:
		lines = []string{"   runs    " + v.Signs.None}
	case v.stack.id == t.ID:
		lines = v.stackLines(width)
	case t.Place.Function != "":
		lines = []string{"   " + v.Signs.CutRight("runs    "+format.Plain(t.Place.Function)+"  "+format.FullPlace(t.Place.File, t.Place.Line), width-4)}
	}
	lines = append(lines, v.counts(t, width)...)
	for i := range v.Shown.GILs {
		if g := &v.Shown.GILs[i]; g.PID == t.PID {
			lines = append(lines, v.others(g, t, width)...)
		}
	}
	lines = append(lines, v.threadEvents(t, width)...)
	for i := range v.Shown.GILs {
		if g := &v.Shown.GILs[i]; g.PID == t.PID {
			lines = append(lines, v.blamed(g, t, width)...)
		}
	}
	more := ""
	if room := height - 1; len(lines) > room {
		more = v.Signs.Arrows + " scroll" + v.Signs.Dot
	}
	back[0].Text = more + back[0].Text
	return append([]string{v.Line(width, head, back)}, v.Scroll.View(lines, height-1)...)
}
