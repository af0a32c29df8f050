package tui

import (
	"cmp"
	"slices"
	"time"

	"pytop/collect"
	"pytop/tui/format"
)

// gilPlain is the pane as text: each GIL, its threads, long holds and waits,
// and its switches; then what there is of processes without one.
func (m *Model) gilPlain(s *collect.Snapshot, width, top int) []string {
	if !gilMeasured(s) {
		return nil
	}
	if top <= 0 {
		top = len(s.Threads) + 1
	}
	var lines []string
	for i := range s.GILs {
		lines = append(lines, m.plainGIL(&s.GILs[i], len(s.GILs) > 1)...)
	}
	if len(s.GILs) > 0 {
		lines = append(lines, m.plainThreads(s, top)...)
	}
	lines = append(lines, m.plainEvents(top, len(s.Processes) > 1)...)
	for i := range s.GILs {
		lines = append(lines, m.plainPairs(&s.GILs[i], top, len(s.GILs) > 1)...)
	}
	if len(s.Worlds) > 0 {
		lines = append(lines, m.worldPlain(s, top)...)
	}
	if width < unlimited {
		for i, l := range lines {
			lines[i] = m.signs.CutRight(l, width)
		}
	}
	return lines
}

// plainGIL is one GIL, and what made others wait for it.
func (m *Model) plainGIL(g *collect.GILRow, several bool) []string {
	head := "GIL"
	if several {
		head += " of pid " + format.Whole(g.PID) + ", interpreter " + format.Whole(int(g.Interpreter))
	}
	mark := m.gilMark(g.PID)
	about := mark
	if g.Sampled > 0 {
		about = m.signs.Estimate
	}
	share := m.signs.Unknown
	if g.Measured > 0 {
		share = about + format.HeadPercent(g.Held.Seconds()/g.Measured.Seconds())
	}
	lines := []string{"", head + ": held " + share + " of " + m.signs.Duration(g.Measured) + m.signs.Dot + mark + format.Count(g.Switches) + " switches" + m.signs.Dot + string(g.Status)}
	for _, b := range g.Blamed[:min(len(g.Blamed), 3)] {
		if b.Place.Function != "" && b.Wait > 0 {
			lines = append(lines, "   "+format.Plain(b.Place.Function)+"  "+format.FullPlace(b.Place.File, b.Place.Line)+"  made others wait "+m.sumMark(g.PID)+m.signs.Duration(b.Wait))
		}
	}
	return lines
}

// plainName is how many cells a thread's name has: 15 letters, that it has
// ended, and a blank.
const plainName = 24

// plainThreads is what threads held and waited, who held most first. Where
// fields were read for a time, what takes and drops say is not known.
func (m *Model) plainThreads(s *collect.Snapshot, top int) []string {
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
		cell := m.plainCells(t, !t.Measured || sampled[t.PID])
		held := cell.duration(t.Hold, 10)
		if t.Measured && sampled[t.PID] {
			held = format.Right(m.signs.Estimate+m.signs.Duration(t.Hold), 10)
		}
		lines = append(lines, pid(format.Whole(t.PID))+format.Right(format.Whole(t.TID), 11)+"  "+format.Left(threadNameIn(m.signs, t, plainName-1), plainName)+cell.count(t.Holds, 9)+
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

// plainCells writes numbers of one thread, as far as they are known.
type plainCells struct {
	signs   *format.Signs
	unknown bool
	mark    string // before what is a lower bound
}

func (m *Model) plainCells(t *collect.ThreadRow, unknown bool) plainCells {
	return plainCells{m.signs, unknown, m.gilMark(t.PID)}
}

func (c plainCells) cell(text string, width int) string {
	if c.unknown {
		return format.Right(c.signs.Unknown, width)
	}
	return format.Right(c.mark+text, width)
}

func (c plainCells) count(n uint64, width int) string { return c.cell(format.Count(n), width) }

func (c plainCells) duration(d time.Duration, width int) string {
	return c.cell(c.signs.Duration(d), width)
}

// longest is the longest of n; a dash: there was none, as far as all was seen.
func (c plainCells) longest(n uint64, d time.Duration, width int) string {
	switch {
	case n > 0 || d > 0:
		return c.duration(d, width)
	case c.mark != "":
		return format.Right(c.signs.Unknown, width)
	}
	return c.cell(c.signs.None, width)
}

// plainEvents are the long holds and waits that were kept, the newest first.
func (m *Model) plainEvents(top int, several bool) []string {
	events := m.longEvents(nil)
	if len(events) == 0 {
		return nil
	}
	lines := []string{"", "   long holds and waits, the last ones"}
	for _, e := range events[:min(len(events), top)] {
		who := format.Right(format.Whole(e.tid), 11) + "  "
		if several {
			who = format.Right(format.Whole(e.pid), 11) + who
		}
		lines = append(lines, who+e.words(m, "", unlimited))
	}
	return lines
}

// plainPairs are the switches of a GIL from thread to thread.
func (m *Model) plainPairs(g *collect.GILRow, top int, several bool) []string {
	rows := slices.Clone(g.PairRows)
	slices.SortStableFunc(rows, func(a, b collect.GILPairRow) int { return cmp.Compare(b.Count, a.Count) })
	var lines []string
	for i, p := range rows {
		if i == top || p.Count == 0 {
			break
		}
		if i == 0 {
			lines = append(lines, "", format.Right("from_tid", 11)+" "+m.signs.Turn+" "+format.Left("to_tid", 10)+format.Right("count", 10))
			if several {
				lines[1] += "   in pid " + format.Whole(g.PID)
			}
		}
		lines = append(lines, format.Right(format.Whole(p.FromTID), 11)+" "+m.signs.Turn+" "+format.Left(format.Whole(p.ToTID), 10)+format.Right(format.Exactly(int(p.Count)), 10))
	}
	return lines
}
