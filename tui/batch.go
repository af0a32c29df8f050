package tui

import (
	"bufio"
	"io"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// TableOptions is what Table prints.
type TableOptions struct {
	Top    int    // rows; 0: all
	Sort   string // a field of the JSON; empty: calls_per_s, and calls when there are no rates
	Rising bool   // smallest first
	Filter string
	ASCII  bool
	Width  int // of the terminal; 0: as wide as it needs to be; only names above 250 cells are cut
}

// Table prints a snapshot as the screen shows it, plain: what is watched,
// how much it calls, what watching costs, and what the panes have to say. Its
// errors are those of w.
func Table(w io.Writer, s *collect.Snapshot, o TableOptions) error {
	m := build(Options{ASCII: o.ASCII, Sort: o.Sort, Filter: o.Filter},
		pane.Screen{Styles: new(pane.Styles), Printed: true, Chosen: pane.Chosen{Rising: o.Rising}})
	m.show(s)
	width := o.Width
	if width == 0 {
		width = pane.Unlimited
	}
	lines := m.plainHeader(s, width)
	for _, a := range m.alerts() {
		lines = append(lines, "! "+a.Text)
	}
	for _, p := range m.panes {
		lines = append(lines, p.Plain(width, o.Top)...)
	}
	out := bufio.NewWriter(w)
	for _, line := range lines {
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return out.Flush()
}

// plainHeader is the header as text: a line per process, then the sums.
func (m *Model) plainHeader(s *collect.Snapshot, width int) []string {
	dot := m.Signs.Dot
	lines := []string{"pytop" + dot + format.Clock(s.Time) + dot + format.Plain(s.Host) + dot + "totals since " + format.Clock(s.Since) + dot + format.Exactly(len(s.Functions)) + " functions"}
	for _, p := range s.Processes {
		lines = append(lines, pane.PidText(p.Process.PID)+dot+strings.TrimSpace(python(p.Process)+" "+format.Plain(p.Process.Build))+dot+pane.ShortCommand(p.Process.Command))
	}
	text := m.first().Sum()
	for _, p := range m.Cost(s, pane.Wide) {
		text += dot + p.Text
	}
	lines = append(lines, text)
	for i, l := range lines {
		lines[i] = m.Signs.CutRight(l, width)
	}
	return lines
}
