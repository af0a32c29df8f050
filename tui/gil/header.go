package gil

import (
	"math"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// head is the line about the GIL in the header.
type head struct {
	*facts
	waited []float64 // of the worst GIL, share waited by reading
	spark  []float64 // waited as it was when shown: a pause keeps it
}

func (h *head) lines(width int) []pane.HeadLine {
	if h.Listing {
		return nil
	}
	s, st := h.Shown, h.Styles
	line := pane.HeadLine{Left: []pane.Piece{{Text: pane.Label("GIL", width), Ink: st.Dim}}}
	if !measuredIn(s) {
		line.Left = append(line.Left, pane.Piece{Text: "not measured", Ink: st.Dim, Gap: " "})
		return []pane.HeadLine{line}
	}
	line.Left = append(line.Left, h.numbers(s)...)
	if len(h.spark) > 1 && !withoutGIL(s) {
		line.Cells, line.Trend = 20, func(cells int) string { return h.Signs.Spark(pane.Tail(h.spark, cells)) }
	}
	return []pane.HeadLine{line}
}

// numbers are the header's words on the GIL.
func (h *head) numbers(s *collect.Snapshot) []pane.Piece {
	if withoutGIL(s) {
		return h.worldNumbers(s)
	}
	st, g := h.Styles, worstOf(s.GILs)
	if !g.Counting {
		return []pane.Piece{{Text: h.Signs.Unknown + " held", Ink: st.Bold, Gap: " "}}
	}
	mark := h.gilMark(g.PID)
	held, forced := format.HeadPercent(g.HeldShare)+" held", pane.Piece{Text: mark + format.Rate(g.ForcedPerS) + " forced/s", Ink: st.Plain, Gap: "  ", Rank: 6}
	if g.Estimated {
		held, forced = h.Signs.Estimate+held, pane.Piece{Text: "estimates", Ink: st.Amber, Gap: "  "}
	} else {
		held = mark + held
	}
	left := []pane.Piece{{Text: held, Ink: st.Bold, Gap: " "}, {Text: mark + format.Rate(g.SwitchesPerS) + " switches/s", Ink: st.Plain, Gap: "  "}, forced}
	if n, _ := measuredGILs(s.GILs); n > 1 || len(s.Processes) > 1 {
		left = append(left, h.worst(gilOwner(g, s.GILs), n)...)
	}
	if g.Holder != 0 {
		left = append(left, pane.Piece{Text: h.holderName(s, g) + " has it", Ink: st.Plain, Gap: "  ", Rank: 2})
		if g.HeldFor > 0 {
			text := "for " + h.Signs.Duration(g.HeldFor)
			if g.AtLeast {
				text += " at least"
			}
			left = append(left, pane.Piece{Text: text, Ink: st.Plain, Gap: " ", Rank: 4})
		}
	}
	return left
}

// worldNumbers are the header's words on processes without a GIL.
func (h *head) worldNumbers(s *collect.Snapshot) []pane.Piece {
	st, w := h.Styles, worstWorldOf(s.Worlds)
	left := []pane.Piece{{Text: "none (free-threaded)", Ink: st.Bold, Gap: " "}}
	if !w.Counting {
		return append(left, pane.Piece{Text: h.Signs.Unknown + " paused", Ink: st.Plain, Gap: "  "})
	}
	mark := h.gilMark(w.PID)
	left = append(left,
		pane.Piece{Text: mark + format.HeadPercent(w.PauseShare) + " paused", Ink: st.Plain, Gap: "  "},
		pane.Piece{Text: mark + format.Rate(w.PausesPerS) + " pauses/s", Ink: st.Plain, Gap: "  ", Rank: 2},
		pane.Piece{Text: mark + format.Rate(w.WaitsPerS) + " waits/s", Ink: st.Plain, Gap: "  ", Rank: 4})
	if n := measuredWorlds(s.Worlds); n > 1 || len(s.Processes) > 1 {
		left = append(left, h.worst(pane.PidText(w.PID), n)...)
	}
	return left
}

// worst says whose numbers these are, which leaves the header last, and of how many.
func (h *head) worst(whose string, of int) []pane.Piece {
	pieces := []pane.Piece{{Text: whose, Ink: h.Styles.Dim, Gap: "  ", Rank: 1}}
	if of > 1 {
		pieces = append(pieces, pane.Piece{Text: "worst of " + format.Exactly(of), Ink: h.Styles.Dim, Gap: ", ", Rank: 3})
	}
	return pieces
}

// contention is the share waited, a hole when it was not measured.
func contention(g *collect.GILRow) float64 {
	if !g.Counting || g.Estimated {
		return math.NaN()
	}
	return g.WaitShare
}
