package gil

import (
	"cmp"
	"slices"
	"time"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// stopperLines are who stopped the world, beside the threads of a wide screen.
func (f *facts) stopperLines(w *collect.WorldRow, width, height int) []string {
	st, mark := f.Styles, f.gilMark(w.PID)
	lines := []string{st.Idle.Paint("STOPPED BY") + st.Dim.Paint(" in all")}
	rows := stoppersOf(w)
	for _, b := range rows[:min(len(rows), max(0, height-1))] {
		text := mark + pauses(b.Pauses) + ", " + mark + f.Signs.Duration(b.Pause)
		if all := text + " in all"; format.Width(all)+leastStopper < width {
			text = all
		}
		cells := max(16, format.Width(text)+1)
		lines = append(lines, format.Left(f.Signs.CutRight(f.stopperName(f.Shown, w.PID, b.TID), width-cells-1), width-cells)+format.Right(text, cells))
	}
	return lines
}

// leastStopper is how many cells the name of who stopped the world keeps before
// it is said in each line, too, that the numbers are of all pauses.
const leastStopper = 12

// stoppersOf are the threads that stopped the world, who did so for longest in
// all first: who did in the last interval changes with each. Those that did not
// since R are left out.
func stoppersOf(w *collect.WorldRow) []collect.StopperRow {
	rows := slices.DeleteFunc(slices.Clone(w.StopperRows), func(one collect.StopperRow) bool { return one.Pauses == 0 })
	slices.SortStableFunc(rows, func(a, b collect.StopperRow) int {
		return cmp.Or(cmp.Compare(b.Pause, a.Pause), cmp.Compare(b.Pauses, a.Pauses), cmp.Compare(a.TID, b.TID))
	})
	return rows
}

// worldLine says how long the world was stopped, and by whom.
func (f *facts) worldLine(w *collect.WorldRow, width int) string {
	st := f.Styles
	if !w.Counting && w.Status == collect.GILOff {
		return f.Line(width, []pane.Piece{{Text: f.reason(f.Shown), Ink: st.Amber, Flex: true}}, nil)
	}
	mark := f.gilMark(w.PID)
	switch {
	case w.Pauses == 0 && w.Pausing == 0 && mark != "":
		return f.Line(width, []pane.Piece{{Text: "pauses: none was seen", Ink: st.Dim}}, nil)
	case w.Pauses == 0 && w.Pausing == 0:
		return f.Line(width, []pane.Piece{{Text: "pauses: no thread felt one", Ink: st.Dim}}, nil)
	}
	pieces := []pane.Piece{
		{Text: "pauses:", Ink: st.Dim},
		{Text: mark + format.Count(w.Pauses) + ", longest " + mark + f.Signs.Duration(w.PauseMax), Ink: st.Bold, Gap: " "},
		{Text: mark + f.Signs.Duration(w.Pause) + " in all", Ink: st.Plain, Gap: "  ", Rank: 2},
	}
	if stoppers := stoppersOf(w); len(stoppers) > 0 {
		pieces = append(pieces, pane.Piece{Text: "most by " + f.stopperName(f.Shown, w.PID, stoppers[0].TID), Ink: st.Plain, Gap: "  ", Rank: 1})
	}
	if w.Pausing > 0 {
		pieces = append(pieces, pane.Piece{Text: "now for " + f.Signs.Duration(w.Pausing), Ink: st.Amber, Gap: "  "})
	}
	return f.Line(width, pieces, nil)
}

// waitLines are a thread's waits and pauses in full, where there is no GIL.
func (v *Details) waitLines(t *collect.ThreadRow, width int) []string {
	mark := v.gilMark(t.PID)
	all := func(n uint64, what string, d time.Duration) string {
		switch {
		case n == 0 && d == 0 && mark != "":
			return v.Signs.Unknown
		case n == 0 && d == 0:
			return "none"
		}
		return mark + format.Count(n) + what + ", " + mark + v.Signs.Duration(d) + " in all"
	}
	lines := []string{"waits   " + all(t.Waits, " for mutexes", t.Wait) + v.longestOf(t.WaitMax, mark)}
	if t.Waits > 0 {
		lines = append(lines, "        "+histogram(v.Signs, t.WaitHist))
	}
	lines = append(lines, "pauses  "+all(t.Pauses, "", t.Pause)+v.longestOf(t.PauseMax, mark), "parked  "+all(t.Parks, " times for something else", t.Park))
	for i, text := range lines {
		lines[i] = "   " + v.Signs.CutRight(text, width-4)
	}
	return lines
}

// longestOf says what was the longest; empty: there was none.
func (v *Details) longestOf(d time.Duration, mark string) string {
	if d == 0 {
		return ""
	}
	return ", longest " + mark + v.Signs.Duration(d)
}
