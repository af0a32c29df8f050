package gil

import (
	"pytop/tui/format"
	"pytop/tui/pane"
)

// View shows who holds the GIL, who waits, who switches, who is to blame.
func (p *Pane) View(width, height int) []string {
	s := p.Shown
	if !p.measured() {
		text := "not measured"
		if s != nil {
			text = p.reason(s)
		}
		return pane.Clip([]string{p.Line(width, []pane.Piece{{Text: "GIL", Ink: p.TitleInk(p.self)}, {Text: text, Ink: p.Styles.Dim, Gap: "  ", Flex: true}}, nil)}, height)
	}
	switch {
	case p.Blame.Open:
		return p.Blame.view(width, height)
	case p.Details.ID != 0:
		return p.Details.view(width, height)
	}
	in := p.share(width, height)
	lines := append([]string{p.threads.title(in.left)}, p.threads.view(in.left, in.rows, p.Blame.under)...)
	if in.left < width {
		lines = p.switches.beside(lines, in.left, width, height-1)
	}
	if p.free() {
		lines = append(lines, p.worldLine(p.worstWorld(), width))
	} else {
		lines = append(lines, p.Blame.line(p.worstGIL(), width))
	}
	if in.switches > 0 {
		lines = append(lines, indent(p.switches.sideLines(width-2*pane.Gutter, in.switches))...)
	}
	if in.blame > 0 {
		lines = append(lines, p.Blame.table(width, in.blame)...)
	}
	if in.events > 0 {
		lines = append(lines, p.eventTable(width, in.events)...)
	}
	return pane.Clip(lines, height)
}

// sideLines are the switches; without a GIL, who stopped the world.
func (s *switches) sideLines(width, height int) []string {
	if s.free() {
		return s.stopperLines(s.worstWorld(), width, height)
	}
	return s.switchLines(s.worstGIL(), width, height)
}

// beside puts the switches beside the threads, in height lines.
func (s *switches) beside(lines []string, left, width, height int) []string {
	right := s.sideLines(width-left-sideGap, height)
	out := make([]string, max(len(lines), len(right)))
	for i := range out {
		if i < len(lines) {
			out[i] = lines[i]
		}
		if i < len(right) {
			out[i] = format.Fill(out[i], left) + " " + s.Styles.Dim.Paint(s.Signs.Side) + " " + right[i]
		}
	}
	return out
}

// indent sets lines where rows begin.
func indent(lines []string) []string {
	for i, l := range lines {
		if l != "" {
			lines[i] = format.Blank(pane.Gutter) + l
		}
	}
	return lines
}
