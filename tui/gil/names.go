package gil

import (
	"strings"
	"time"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// threadWords is a thread's TID, and its name where it is known.
func (f *facts) threadWords(pid, tid int) string {
	for i := range f.Shown.Threads {
		if t := &f.Shown.Threads[i]; t.PID == pid && t.TID == tid && t.Name != "" {
			return format.Whole(tid) + " " + pane.ThreadName(t)
		}
	}
	return format.Whole(tid)
}

// frames are the lines of a stack, the innermost frame first.
func (f *facts) frames(stack []collect.Place, width int) []string {
	lines := make([]string, len(stack))
	for i, p := range stack {
		name := format.Plain(p.Function)
		room := width - pane.Gutter - 4 - format.Width(name) - 3
		place := f.Signs.CutLeft(format.FullPlace(p.File, p.Line), max(12, room))
		lines[i] = format.Blank(pane.Gutter+4) + f.Signs.CutRight(name+"  "+place, width-pane.Gutter-5)
	}
	return lines
}

func (f *facts) holderName(s *collect.Snapshot, g *collect.GILRow) string {
	for i := range s.Threads {
		if t := &s.Threads[i]; t.PID == g.PID && t.TID == g.Holder && !t.Ended && !f.sameNames {
			return pane.ThreadName(t)
		}
	}
	return "thread " + format.Whole(g.Holder)
}

// stopperName is a thread that stopped the world.
func (f *facts) stopperName(s *collect.Snapshot, pid, tid int) string {
	if tid == 0 {
		return "a thread not known"
	}
	for i := range s.Threads {
		if t := &s.Threads[i]; t.PID == pid && t.TID == tid && !t.Ended && !f.sameNames {
			return pane.ThreadName(t)
		}
	}
	return "thread " + format.Whole(tid)
}

func (f *facts) pairName(pid int, id uint64, tid int) string {
	if t := f.Threads.Find(id); t != nil && t.PID == pid {
		if name := pane.ThreadName(t); name != "?" && !f.sameNames {
			return name
		}
	}
	if tid == 0 {
		return "ended"
	}
	return format.Whole(tid)
}

// gilOwner says whose a GIL is among others: a process's, or one of its
// interpreters'.
func gilOwner(g *collect.GILRow, gils []collect.GILRow) string {
	own := 0
	for i := range gils {
		if one := &gils[i]; one.PID == g.PID && one.Counting == g.Counting {
			own++
		}
	}
	interpreter := "interpreter " + format.Whole(int(g.Interpreter))
	switch _, processes := measuredGILs(gils); {
	case own <= 1:
		return pane.PidText(g.PID)
	case processes <= 1:
		return interpreter
	}
	return pane.PidText(g.PID) + " " + interpreter
}

// threadNameIn is a thread's name in so many cells: that it has ended stays whole.
func threadNameIn(signs *format.Signs, t *collect.ThreadRow, width int) string {
	name, ended := strings.CutSuffix(pane.ThreadName(t), pane.EndedWord)
	if !ended || width < 2*len(pane.EndedWord)-1 {
		return signs.CutRight(pane.ThreadName(t), width)
	}
	return signs.CutRight(name, width-len(pane.EndedWord)) + pane.EndedWord
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

// pauses is so many of them, in words.
func pauses(n uint64) string { return format.Count(n) + " " + format.Word(n, "pause", "pauses") }
