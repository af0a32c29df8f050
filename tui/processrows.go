package tui

import (
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/table"
)

// listHeader is the first lines of the screen while nothing is watched.
func (m *Model) listHeader(width int) []string {
	st, s, dot := m.styles, m.shown, m.signs.Dot
	left := []piece{{text: "pytop", ink: st.title}}
	if s == nil {
		return []string{m.line(width, append(left, piece{text: "looking for CPythons" + m.signs.Ellipsis, ink: st.bold, gap: dot}), nil), "", ""}
	}
	left = append(left, piece{text: format.Exactly(len(s.Processes)) + format.Word(len(s.Processes), " CPython", " CPythons"), ink: st.bold, gap: dot})
	right := []piece{
		{text: format.Plain(s.Host), ink: st.dim, rank: 4}, {text: "every " + format.Interval(m.delay), ink: st.dim, gap: dot, rank: 2}, {text: format.Clock(s.Time), ink: st.plain, gap: dot},
	}
	state := "no probe is attached" + dot + "Enter watches one, space marks several"
	color := st.plain
	switch {
	case m.paused:
		state, color = " paused since "+format.Clock(s.Time)+" ", st.badge
	case m.opening == 1:
		state, color = "attaching"+m.signs.Ellipsis, st.amber
	case m.opening > 1:
		state, color = "attaching to "+format.Whole(m.opening)+" processes"+m.signs.Ellipsis, st.amber
	case len(m.marked) > 0:
		state = format.Whole(len(m.marked)) + " marked" + dot + "Enter watches " + format.Word(len(m.marked), "it", "them")
	}
	can, cannot, unknown := 0, 0, 0
	for _, p := range s.Processes {
		switch {
		case p.Reason != "":
			cannot++
		case p.Method == "":
			unknown++
		default:
			can++
		}
	}
	third := []piece{{text: format.Exactly(can) + " can be counted", ink: st.dim}}
	if cannot > 0 {
		third = append(third, piece{text: format.Exactly(cannot) + " cannot", ink: st.amber, gap: dot})
	}
	if unknown > 0 {
		third = append(third, piece{text: format.Exactly(unknown) + " being looked at", ink: st.dim, gap: dot})
	}
	cost := m.cost(s, width)
	return []string{m.line(width, left, right), m.line(width, []piece{{text: state, ink: color}}, cost[len(cost)-1:]), m.line(width, third, nil)}
}

// processesPane draws the processes: title, columns, rows.
func (m *Model) processesPane(width, height int) []string {
	st := m.styles
	count := ""
	if m.shown != nil {
		count = format.Exactly(m.processes.All())
		if m.chosen != "" {
			count = format.Exactly(m.processes.Len()) + " of " + count
		}
		if n := len(m.shown.Past); n > 0 {
			count += ", " + format.Exactly(n) + " ended before"
		}
	}
	var right []piece
	if m.chosen != "" {
		right = append(right, piece{text: "filter: " + format.Plain(m.chosen), ink: st.accent, flex: true, gap: "   "})
	}
	lines := []string{m.line(width, []piece{{text: "PROCESSES", ink: m.titleInk(paneProcesses)}, {text: count, ink: st.plain, gap: "  "}}, right)}
	columns := m.processes.Layout(width-gutter-1, gap2)
	by, falling := m.processes.SortedBy()
	lines = append(lines, titles(m, columns, by, falling))
	say := func(text string) []string {
		return clip(append(lines, format.Blank(gutter)+st.amber.paint(m.signs.CutRight(text, width-gutter-1))), height)
	}
	switch {
	case m.shown == nil:
		return clip(lines, height)
	case m.processes.All() == 0:
		return say("no CPython runs here that pytop can see" + m.signs.Dot + "pytop demo starts one")
	case m.processes.Len() == 0:
		return say("no process matches " + m.signs.Quote(format.Plain(m.chosen)) + m.signs.Dot + "Esc clears the filter")
	}
	rows := max(0, height-len(lines))
	first := m.processes.Offset(rows)
	cursor, ok := m.processes.Cursor()
	for i := first; i < min(first+rows, m.processes.Len()); i++ {
		lines = append(lines, m.processRow(m.processes.Row(i), columns, width, ok && i == cursor))
	}
	return clip(lines, height)
}

func (m *Model) processRow(p *process, columns []table.Placed[process], width int, cursor bool) string {
	st := m.styles
	head := " "
	if cursor {
		head += m.signs.Cursor
	} else {
		head += " "
	}
	if p.marked {
		head += "*"
	} else {
		head += " "
	}
	var b strings.Builder
	b.WriteString(st.accent.paintOn(cursor, head))
	used := gutter
	for i, c := range columns {
		if i > 0 {
			b.WriteString(st.plain.paintOn(cursor, format.Blank(gap2)))
			used += gap2
		}
		used += c.Width
		text := format.Left(c.Cell(p, c.Width), c.Width)
		if c.Right {
			text = format.Right(c.Cell(p, c.Width), c.Width)
		}
		b.WriteString(m.processInk(p, c.Field).paintOn(cursor, text))
	}
	if cursor {
		b.WriteString(st.plain.paintOn(true, format.Blank(width-used)))
	}
	return b.String()
}

// processInk is dim for what is at rest or matters less, amber for what is
// not counted as it should be.
func (m *Model) processInk(p *process, field string) ink {
	st := m.styles
	switch {
	case p.marked:
		return st.accent
	case p.State == collect.Ended:
		return st.dim
	case field == "calls_status" && p.Reason != "", field == "tax_share" && p.TaxKnown && p.TaxShare > taxAlert:
		return st.amber
	case field == "gil_held_share" && p.GILHeldKnown && (p.GILEstimated || p.GIL.Status == collect.GILLowerBound):
		return st.amber
	case field == "command" || field == "pid" || field == "python":
		return st.plain
	case field == "cpu_share" && p.CPUShareKnown && p.CPUShare > 0, field == "calls_per_s" && p.CallsPerS > 0:
		return st.plain
	}
	return st.dim
}
