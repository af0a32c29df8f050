package processes

import (
	"pytop/tui/format"
	"pytop/tui/pane"
)

// Header is what can be watched, while nothing is.
func (p *Pane) Header(int) []pane.HeadLine {
	if !p.Listing {
		return nil
	}
	st, s, dot := p.Styles, p.Shown, p.Signs.Dot
	state := "no probe is attached" + dot + "Enter watches one, space marks several"
	color := st.Plain
	switch {
	case p.Paused:
		state, color = " paused since "+format.Clock(s.Time)+" ", st.Badge
	case p.Opening == 1:
		state, color = "attaching"+p.Signs.Ellipsis, st.Amber
	case p.Opening > 1:
		state, color = "attaching to "+format.Whole(p.Opening)+" processes"+p.Signs.Ellipsis, st.Amber
	case len(p.marked) > 0:
		state = format.Whole(len(p.marked)) + " marked" + dot + "Enter watches " + format.Word(len(p.marked), "it", "them")
	}
	can, cannot, unknown := 0, 0, 0
	for _, one := range s.Processes {
		switch {
		case one.Reason != "":
			cannot++
		case one.Method == "":
			unknown++
		default:
			can++
		}
	}
	third := []pane.Piece{{Text: format.Exactly(can) + " can be counted", Ink: st.Dim}}
	if cannot > 0 {
		third = append(third, pane.Piece{Text: format.Exactly(cannot) + " cannot", Ink: st.Amber, Gap: dot})
	}
	if unknown > 0 {
		third = append(third, pane.Piece{Text: format.Exactly(unknown) + " being looked at", Ink: st.Dim, Gap: dot})
	}
	return []pane.HeadLine{{Left: []pane.Piece{{Text: state, Ink: color}}}, {Left: third}}
}
