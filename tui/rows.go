package tui

import (
	"math"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/table"
)

const (
	gutter = 3 // cells before the first column, for the cursor
	gap2   = 2 // cells between columns
)

// functionsPane draws the functions: title, columns, notices, rows.
func (m *Model) functionsPane(width, height int) []string {
	lines := []string{m.functionsTitle(width)}
	columns := m.functions.Layout(width-gutter-1, gap2)
	lines = append(lines, m.columnTitles(columns))
	for _, n := range m.notices(width - gutter - 1) {
		lines = append(lines, format.Blank(gutter)+n.ink.paint(n.text))
	}
	if m.shown == nil || m.shown.Interval == 0 && !m.shown.Final {
		return clip(lines, height)
	}
	if m.functions.Len() == 0 && m.functions.All() > 0 && m.only != nil && m.filter == "" {
		text := "no function of process " + format.Whole(m.only.PID) + " was called" + m.signs.Dot + "Esc shows all processes"
		lines = append(lines, format.Blank(gutter)+m.styles.amber.paint(m.signs.CutRight(text, width-gutter-1)))
		return clip(lines, height)
	}
	if m.functions.Len() == 0 && m.functions.All() > 0 {
		text := "no function matches " + m.signs.Quote(format.Plain(m.filter)) + m.signs.Dot + "Esc clears the filter"
		lines = append(lines, format.Blank(gutter)+m.styles.amber.paint(m.signs.CutRight(text, width-gutter-1)))
		return clip(lines, height)
	}
	rows := height - len(lines)
	first := m.functions.Offset(rows)
	cursor, ok := m.functions.Cursor()
	heat := m.heat()
	for i := first; i < min(first+rows, m.functions.Len()); i++ {
		lines = append(lines, m.functionRow(m.functions.Row(i), columns, width, ok && i == cursor, heat))
	}
	return clip(lines, height)
}

// headLines is how many lines of the functions pane are above its rows.
func (m *Model) headLines() int { return 2 + len(m.notices(m.width-gutter-1)) }

func clip(lines []string, height int) []string {
	return lines[:min(len(lines), max(0, height))]
}

func (m *Model) functionsTitle(width int) string {
	st := m.styles
	count := ""
	if s := m.shown; s != nil && (s.Interval > 0 || s.Final) {
		count = format.Exactly(m.functions.All())
		if m.filter != "" || m.only != nil {
			count = format.Exactly(m.functions.Len()) + " of " + count
		}
		if first := m.functions.Offset(m.rowsInView()); first > 0 {
			last := min(first+m.rowsInView(), m.functions.Len())
			count += ", from " + format.Exactly(first+1) + " to " + format.Exactly(last)
		}
	}
	left := []piece{{text: "FUNCTIONS", ink: m.titleInk(paneFunctions)}, {text: count, ink: st.plain, gap: "  "}}
	var right []piece
	if m.only != nil {
		right = append(right, piece{text: pidText(m.only.PID) + " only", ink: st.accent, gap: "   "})
	}
	if m.together && m.only == nil {
		right = append(right, piece{text: "all processes together", ink: st.accent, gap: "   ", rank: 2})
	}
	if m.filter != "" {
		right = append(right, piece{text: "filter: " + format.Plain(m.filter), ink: st.accent, flex: true, gap: "   "})
	}
	if s := m.shown; s != nil && s.Interval > 0 {
		since := "totals since " + format.Clock(s.Since)
		if width >= wide {
			since += " (" + format.Span(s.Time.Sub(s.Since)) + ")"
		}
		right = append(right, piece{text: since, ink: st.dim, rank: 1, gap: "   "})
	}
	return m.line(width, left, right)
}

func (m *Model) titleInk(p pane) ink {
	if m.pane == p {
		return m.styles.title
	}
	return m.styles.idle
}

func (m *Model) columnTitles(columns []table.Placed[function]) string {
	by, falling := m.functions.SortedBy()
	return titles(m, columns, by, falling)
}

// titles writes the columns' titles, that of the sorted one with its direction.
func titles[R any](m *Model, columns []table.Placed[R], by string, falling bool) string {
	var b strings.Builder
	b.WriteString(format.Blank(gutter))
	for i, c := range columns {
		if i > 0 {
			b.WriteString(format.Blank(gap2))
		}
		title, color := c.Title, m.styles.dim
		if c.Field == by {
			color = m.styles.title
			title += " " + m.signs.Up
			if falling {
				title = c.Title + " " + m.signs.Down
			}
		}
		title = m.signs.CutRight(title, c.Width)
		if c.Right {
			b.WriteString(format.Blank(c.Width - format.Width(title)))
			b.WriteString(color.paint(title))
			continue
		}
		b.WriteString(color.paint(title))
		if i < len(columns)-1 {
			b.WriteString(format.Blank(c.Width - format.Width(title)))
		}
	}
	return b.String()
}

// heat is what the sorted column's bars are measured by: its largest value;
// 0 when it has no bars.
func (m *Model) heat() float64 {
	by, _ := m.functions.SortedBy()
	if m.functions.Len() == 0 {
		return 0
	}
	return max(heatOf(by, m.functions.Row(0)), heatOf(by, m.functions.Row(m.functions.Len()-1)))
}

func heatOf(field string, f *function) float64 {
	switch field {
	case "calls_per_s":
		return f.CallsPerS
	case "calls_share":
		return f.CallsShare
	case "calls":
		return float64(f.Calls)
	case "resumes_per_s":
		return f.ResumesPerS
	case "resumes":
		return float64(f.Resumes)
	case causedField:
		return f.CausedShare
	}
	return 0
}

func (m *Model) functionRow(f *function, columns []table.Placed[function], width int, cursor bool, top float64) string {
	st := m.styles
	var b strings.Builder
	if cursor {
		b.WriteString(st.accent.paintOn(true, " "+m.signs.Cursor+" "))
	} else {
		b.WriteString(format.Blank(gutter))
	}
	by, _ := m.functions.SortedBy()
	used := gutter
	for i, c := range columns {
		if i > 0 {
			b.WriteString(st.plain.paintOn(cursor, format.Blank(gap2)))
			used += gap2
		}
		used += c.Width
		switch {
		case c.Field == "file":
			m.writePlace(&b, f, c.Width, cursor)
			continue
		case c.Field == by && c.Right && top > 0 && f.counted:
			m.writeHeat(&b, f, c, cursor, heatOf(by, f)/top)
			continue
		}
		text := c.Cell(f, c.Width)
		if c.Right {
			text = format.Right(text, c.Width)
		} else {
			text = format.Left(text, c.Width)
		}
		b.WriteString(m.cellInk(f, c.Field, cursor).paintOn(cursor, text))
	}
	if cursor {
		b.WriteString(st.plain.paintOn(true, format.Blank(width-used)))
	}
	return b.String()
}

// cellInk is dim for what did not change, amber for what is not exact.
func (m *Model) cellInk(f *function, field string, cursor bool) ink {
	st := m.styles
	ran := f.counted && f.CallsDelta+f.ResumesDelta > 0
	switch {
	case field == causedField && f.CausedShare > 0 && f.bounded:
		return st.amber
	case field == causedField && f.CausedShare > 0: // also when it began before the interval
		return st.plain
	case !ran || field == "trend":
		return st.dim
	case field == "function":
		if cursor {
			return st.bold
		}
		return st.plain
	case field == "resumes_per_s" && f.ResumesDelta == 0, field == "pid":
		return st.dim
	case (field == "calls_per_s" || field == "resumes_per_s") && f.Status != collect.Exact:
		return st.amber
	}
	return st.plain
}

// writeHeat writes a cell of the sorted column over its bar.
func (m *Model) writeHeat(b *strings.Builder, f *function, c table.Placed[function], cursor bool, share float64) {
	text := format.Right(c.Cell(f, c.Width), c.Width)
	// Signs before a number may be more than a byte: cut by runes, of which
	// each is one cell here.
	runes := []rune(text)
	n := min(len(runes), max(0, int(math.Round(share*float64(c.Width)))))
	color := m.cellInk(f, c.Field, cursor)
	hot := m.styles.heat
	switch {
	case f.Status != collect.Exact:
		hot = m.styles.heatAmber
	case cursor:
		hot = m.styles.heatBold
	}
	b.WriteString(hot.paint(string(runes[:n])))
	b.WriteString(color.paintOn(cursor, string(runes[n:])))
}

// writePlace writes where a function is: the file's name stands out from its
// directory and its package.
func (m *Model) writePlace(b *strings.Builder, f *function, width int, cursor bool) {
	st := m.styles
	p := format.FilePlace(f.Code.File, f.Code.Line)
	if full := format.FullPlace(f.Code.File, f.Code.Line); width >= fullPath && format.Width(full) <= width {
		p = format.Split(full)
	}
	p = p.Fit(m.signs, width)
	name := st.plain
	if !f.counted || f.CallsDelta+f.ResumesDelta == 0 {
		name = st.dim
	}
	b.WriteString(st.dim.paintOn(cursor, p.Head))
	b.WriteString(name.paintOn(cursor, p.File))
	if p.Note != "" {
		b.WriteString(st.dim.paintOn(cursor, "  "+p.Note))
	}
	if cursor {
		b.WriteString(st.plain.paintOn(true, format.Blank(width-p.Width())))
	}
}

// fullPath is from how wide a column on paths are shown in full.
const fullPath = 70

// trend is a row's sparkline over the last minute.
func (m *Model) trend(f *function) string {
	values := m.lastMinute(f)
	if values == nil {
		return ""
	}
	return m.signs.Spark(values)
}

// lastMinute is calls/s of a row, of its functions together; nil when they have
// no history.
func (m *Model) lastMinute(f *function) []float64 {
	values := m.seen().last(f.Code.ID, trendCells)
	for _, id := range f.others {
		values = addPoints(values, m.seen().last(id, trendCells))
	}
	return values
}

func pidText(pid int) string { return "pid " + format.Whole(pid) }
