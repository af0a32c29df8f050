package functions

import (
	"slices"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// byThread says which threads called it since the details were opened.
func (d *Details) byThread(width int) []string {
	st := d.Styles
	say := func(text string) []string {
		return []string{"   " + st.Dim.Paint(d.Signs.CutRight("by thread  "+text, width-pane.Gutter-1))}
	}
	switch {
	case d.Final():
		return say("ended")
	case d.Controls() == nil:
		return say("not counted here: nothing is attached")
	case d.from.IsZero(), d.Shown.Focus != d.code.ID:
		if d.Paused {
			return say("counting" + d.Signs.Ellipsis + " shown when the pause ends")
		}
		return say("counting" + d.Signs.Ellipsis)
	}
	var all uint64
	for _, t := range d.Shown.ByThread {
		all += t.Calls + t.Resumes
	}
	since := "since " + format.Clock(d.from)
	if all == 0 {
		return say("not called " + since)
	}
	lines := []string{"   " + st.Dim.Paint("by thread, "+since)}
	for _, t := range threadsByCalls(d.Shown.ByThread) {
		share := float64(t.Calls+t.Resumes) / float64(all)
		name := format.Plain(t.Name)
		if name == "" {
			name = "ended"
		}
		counts := format.Count(t.Calls) + " calls"
		if t.Resumes > 0 {
			counts += " + " + format.Count(t.Resumes) + " resumes"
		}
		line := "   " + format.Right(format.Whole(t.TID), 8) + "  " + format.Left(d.Signs.CutRight(name, 16), 16) + "  " +
			st.Spark.Paint(d.Signs.Bar(share, 16)) + " " + format.Right(format.HeadPercent(share), 6)
		if width-58 >= format.Width(counts) {
			line += "  " + st.Dim.Paint(counts)
		}
		lines = append(lines, line)
		if len(lines) == 1+threadsShown {
			break
		}
	}
	return lines
}

// threadsShown is how many threads the details list.
const threadsShown = 6

// threadsByCalls is threads, most calls first.
func threadsByCalls(threads []collect.ThreadCount) []collect.ThreadCount {
	out := slices.Clone(threads)
	slices.SortStableFunc(out, func(a, b collect.ThreadCount) int {
		x, y := a.Calls+a.Resumes, b.Calls+b.Resumes
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return a.TID - b.TID
	})
	return out
}
