package gil

import (
	"cmp"
	"slices"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// printed is the pane as text.
type printed struct{ *facts }

// all is the pane as text: each GIL, its threads, long holds and waits,
// and its switches; then what there is of processes without one.
func (p printed) all(s *collect.Snapshot, width, top int) []string {
	if !measuredIn(s) {
		return nil
	}
	if top <= 0 {
		top = len(s.Threads) + 1
	}
	var lines []string
	for i := range s.GILs {
		lines = append(lines, p.plainGIL(&s.GILs[i], len(s.GILs) > 1)...)
	}
	if len(s.GILs) > 0 {
		lines = append(lines, p.plainThreads(s, top)...)
	}
	lines = append(lines, p.plainEvents(top, len(s.Processes) > 1)...)
	for i := range s.GILs {
		lines = append(lines, p.plainPairs(&s.GILs[i], top, len(s.GILs) > 1)...)
	}
	if len(s.Worlds) > 0 {
		lines = append(lines, p.worldPlain(s, top)...)
	}
	if width < pane.Unlimited {
		for i, l := range lines {
			lines[i] = p.Signs.CutRight(l, width)
		}
	}
	return lines
}

// plainGIL is one GIL, and what made others wait for it.
func (p printed) plainGIL(g *collect.GILRow, several bool) []string {
	head := "GIL"
	if several {
		head += " of pid " + format.Whole(g.PID) + ", interpreter " + format.Whole(int(g.Interpreter))
	}
	mark := p.gilMark(g.PID)
	about := mark
	if g.Sampled > 0 {
		about = p.Signs.Estimate
	}
	share := p.Signs.Unknown
	if g.Measured > 0 {
		share = about + format.HeadPercent(g.Held.Seconds()/g.Measured.Seconds())
	}
	lines := []string{"", head + ": held " + share + " of " + p.Signs.Duration(g.Measured) + p.Signs.Dot + mark + format.Count(g.Switches) + " switches" + p.Signs.Dot + string(g.Status)}
	for _, b := range g.Blamed[:min(len(g.Blamed), 3)] {
		if b.Place.Function != "" && b.Wait > 0 {
			lines = append(lines, "   "+format.Plain(b.Place.Function)+"  "+format.FullPlace(b.Place.File, b.Place.Line)+"  made others wait "+p.sumMark(g.PID)+p.Signs.Duration(b.Wait))
		}
	}
	return lines
}

// plainName is how many cells a thread's name has: 15 letters, that it has
// ended, and a blank.
const plainName = 24

// plainThreads is what threads held and waited, who held most first. Where
// fields were read for a time, what takes and drops say is not known.
func (p printed) plainThreads(s *collect.Snapshot, top int) []string {
	sampled := map[int]bool{}
	for i := range s.GILs {
		sampled[s.GILs[i].PID] = sampled[s.GILs[i].PID] || s.GILs[i].Sampled > 0
	}
	pid := plainPID(s)
	lines := []string{"", pid("pid") + format.Right("tid", 11) + "  " + format.Left("thread", plainName) + format.Right("holds", 9) + format.Right("held", 10) + format.Right("longest", 10) +
		format.Right("waits", 9) + format.Right("waited", 10) + format.Right("longest", 10) + format.Right("caused", 10)}
	rows := slices.DeleteFunc(slices.Clone(s.Threads), func(t collect.ThreadRow) bool { return t.NoGIL })
	slices.SortStableFunc(rows, func(a, b collect.ThreadRow) int { return cmp.Compare(b.Hold, a.Hold) })
	for i := range rows[:min(len(rows), top)] {
		t := &rows[i]
		cell := p.cells(t, !t.Measured || sampled[t.PID])
		held := cell.duration(t.Hold, 10)
		if t.Measured && sampled[t.PID] {
			held = format.Right(p.Signs.Estimate+p.Signs.Duration(t.Hold), 10)
		}
		lines = append(lines, pid(format.Whole(t.PID))+format.Right(format.Whole(t.TID), 11)+"  "+format.Left(threadNameIn(p.Signs, t, plainName-1), plainName)+cell.count(t.Holds, 9)+
			held+cell.longest(t.Holds, t.HoldMax, 10)+cell.count(t.Waits, 9)+cell.duration(t.Wait, 10)+cell.longest(t.Waits, t.WaitMax, 10)+cell.duration(t.Caused, 10))
	}
	return lines
}

// plainPID makes a column that says whose the threads are, where there are
// several processes.
func plainPID(s *collect.Snapshot) func(text string) string {
	if len(s.Processes) <= 1 {
		return func(string) string { return "" }
	}
	return func(text string) string { return format.Right(text, 11) }
}

// plainEvents are the long holds and waits that were kept, the newest first.
func (p printed) plainEvents(top int, several bool) []string {
	events := p.longEvents(nil)
	if len(events) == 0 {
		return nil
	}
	lines := []string{"", "   long holds and waits, the last ones"}
	for _, e := range events[:min(len(events), top)] {
		who := format.Right(format.Whole(e.tid), 11) + "  "
		if several {
			who = format.Right(format.Whole(e.pid), 11) + who
		}
		lines = append(lines, who+e.words(p.facts, "", pane.Unlimited))
	}
	return lines
}

// plainPairs are the switches of a GIL from thread to thread.
func (p printed) plainPairs(g *collect.GILRow, top int, several bool) []string {
	rows := slices.Clone(g.PairRows)
	slices.SortStableFunc(rows, func(a, b collect.GILPairRow) int { return cmp.Compare(b.Count, a.Count) })
	var lines []string
	for i, one := range rows {
		if i == top || one.Count == 0 {
			break
		}
		if i == 0 {
			lines = append(lines, "", format.Right("from_tid", 11)+" "+p.Signs.Turn+" "+format.Left("to_tid", 10)+format.Right("count", 10))
			if several {
				lines[1] += "   in pid " + format.Whole(g.PID)
			}
		}
		lines = append(lines, format.Right(format.Whole(one.FromTID), 11)+" "+p.Signs.Turn+" "+format.Left(format.Whole(one.ToTID), 10)+format.Right(format.Exactly(int(one.Count)), 10))
	}
	return lines
}

// worldPlain is the pane as text, of processes without a GIL.
func (p printed) worldPlain(s *collect.Snapshot, top int) []string {
	var lines []string
	for i := range s.Worlds {
		w := &s.Worlds[i]
		mark := p.gilMark(w.PID)
		lines = append(lines, "", "no GIL (free-threaded), pid "+format.Whole(w.PID)+": paused "+mark+p.Signs.Duration(w.Pause)+" of "+p.Signs.Duration(w.Measured)+p.Signs.Dot+
			mark+pauses(w.Pauses)+", longest "+mark+p.Signs.Duration(w.PauseMax)+p.Signs.Dot+string(w.Status))
		stoppers := stoppersOf(w)
		for _, b := range stoppers[:min(len(stoppers), 3)] {
			lines = append(lines, "   "+p.stopperName(s, w.PID, b.TID)+" stopped it, "+mark+pauses(b.Pauses)+", "+mark+p.Signs.Duration(b.Pause)+" in all, longest "+mark+p.Signs.Duration(b.PauseMax))
		}
	}
	pid := plainPID(s)
	lines = append(lines, "", pid("pid")+format.Right("tid", 11)+"  "+format.Left("thread", plainName)+format.Right("waits", 9)+format.Right("waited", 10)+format.Right("longest", 10)+
		format.Right("pauses", 9)+format.Right("paused", 10)+format.Right("longest", 10))
	rows := slices.DeleteFunc(slices.Clone(s.Threads), func(t collect.ThreadRow) bool { return !t.NoGIL })
	slices.SortStableFunc(rows, func(a, b collect.ThreadRow) int { return cmp.Compare(b.Wait+b.Pause, a.Wait+a.Pause) })
	for i := range rows[:min(len(rows), top)] {
		t := &rows[i]
		cell := p.cells(t, !t.Measured)
		lines = append(lines, pid(format.Whole(t.PID))+format.Right(format.Whole(t.TID), 11)+"  "+format.Left(threadNameIn(p.Signs, t, plainName-1), plainName)+
			cell.count(t.Waits, 9)+cell.duration(t.Wait, 10)+cell.longest(t.Waits, t.WaitMax, 10)+
			cell.count(t.Pauses, 9)+cell.duration(t.Pause, 10)+cell.longest(t.Pauses, t.PauseMax, 10))
	}
	return lines
}
