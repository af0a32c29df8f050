package functions

import (
	"math"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
	"pytop/tui/table"
)

// look is how rows are drawn.
type look struct {
	*pane.Screen
	rows *pane.Rows[function]
}

// write writes the cells that are drawn in a way of their own: places, and the
// sorted column over its bars.
func (l *look) write(b *strings.Builder, f *function, c table.Placed[function], cursor bool) bool {
	if c.Field == "file" {
		l.writePlace(b, f, c.Width, cursor)
		return true
	}
	if by, _ := l.rows.SortedBy(); c.Field != by || !c.Right || !f.counted {
		return false
	}
	top := l.heat()
	if top > 0 {
		l.writeHeat(b, f, c, cursor, heatOf(c.Field, f)/top)
	}
	return top > 0
}

// heat is what the sorted column's bars are measured by: its largest value;
// 0 when it has no bars.
func (l *look) heat() float64 {
	by, _ := l.rows.SortedBy()
	if l.rows.Len() == 0 {
		return 0
	}
	return max(heatOf(by, l.rows.Row(0)), heatOf(by, l.rows.Row(l.rows.Len()-1)))
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

// ink is dim for what did not change, amber for what is not exact.
func (l *look) ink(f *function, field, _ string, cursor bool) pane.Ink {
	st := l.Styles
	ran := f.counted && f.CallsDelta+f.ResumesDelta > 0
	switch {
	case field == causedField && f.CausedShare > 0 && f.bounded:
		return st.Amber
	case field == causedField && f.CausedShare > 0: // also when it began before the interval
		return st.Plain
	case !ran || field == "trend":
		return st.Dim
	case field == "function":
		if cursor {
			return st.Bold
		}
		return st.Plain
	case field == "resumes_per_s" && f.ResumesDelta == 0, field == "pid":
		return st.Dim
	case (field == "calls_per_s" || field == "resumes_per_s") && f.Status != collect.Exact:
		return st.Amber
	}
	return st.Plain
}

// writeHeat writes a cell of the sorted column over its bar.
func (l *look) writeHeat(b *strings.Builder, f *function, c table.Placed[function], cursor bool, share float64) {
	text := format.Right(c.Cell(f, c.Width), c.Width)
	// Signs before a number may be more than a byte: cut by runes, of which
	// each is one cell here.
	runes := []rune(text)
	n := min(len(runes), max(0, int(math.Round(share*float64(c.Width)))))
	color := l.ink(f, c.Field, text, cursor)
	hot := l.Styles.Heat
	switch {
	case f.Status != collect.Exact:
		hot = l.Styles.HeatAmber
	case cursor:
		hot = l.Styles.HeatBold
	}
	b.WriteString(hot.Paint(string(runes[:n])))
	b.WriteString(color.PaintOn(cursor, string(runes[n:])))
}

// writePlace writes where a function is: the file's name stands out from its
// directory and its package.
func (l *look) writePlace(b *strings.Builder, f *function, width int, cursor bool) {
	st := l.Styles
	at := format.FilePlace(f.Code.File, f.Code.Line)
	if full := format.FullPlace(f.Code.File, f.Code.Line); width >= fullPath && format.Width(full) <= width {
		at = format.Split(full)
	}
	at = at.Fit(l.Signs, width)
	name := st.Plain
	if !f.counted || f.CallsDelta+f.ResumesDelta == 0 {
		name = st.Dim
	}
	b.WriteString(st.Dim.PaintOn(cursor, at.Head))
	b.WriteString(name.PaintOn(cursor, at.File))
	if at.Note != "" {
		b.WriteString(st.Dim.PaintOn(cursor, "  "+at.Note))
	}
	if cursor {
		b.WriteString(st.Plain.PaintOn(true, format.Blank(width-at.Width())))
	}
}

// fullPath is from how wide a column on paths are shown in full.
const fullPath = 70
