package pane

import (
	"pytop/collect"
	"pytop/tui/format"
)

// TaxAlert is the share of the target's time from which on the tax is amber.
const TaxAlert = 0.10

// Cost is what watching takes: from the target, and pytop itself.
func (s *Screen) Cost(of *collect.Snapshot, width int) []Piece {
	st, long := s.Styles, width >= Wide
	tax, color, known := 0.0, st.Plain, false
	for _, p := range of.Processes {
		if p.TaxKnown {
			known, tax = true, max(tax, p.TaxShare)
		}
	}
	text := "tax " + s.Signs.Unknown
	if known {
		text = "tax " + format.HeadPercent(tax)
		if tax > TaxAlert {
			color = st.Amber
		}
		switch {
		case len(of.Processes) > 1:
			text += " at most"
		case long:
			text += " of the target"
		}
	}
	self := "pytop " + format.HeadPercent(of.Self.CPUShare)
	if of.Interval == 0 {
		self = "pytop " + s.Signs.Unknown
	}
	if long {
		self += " cpu"
	}
	self += " " + format.Bytes(of.Self.Memory)
	return []Piece{{Text: text, Ink: color}, {Text: self, Ink: st.Dim, Gap: s.Signs.Dot, Rank: 2}}
}

// Of names the process that is meant, when there are several.
func Of(s *collect.Snapshot, p collect.ProcessRow) string {
	if len(s.Processes) == 1 {
		return ""
	}
	return PidText(p.Process.PID) + ": "
}

// Ending says that there is no more, and why.
func Ending(s *collect.Snapshot) string {
	if s.EndReason == "" {
		return "ended " + format.Clock(s.Time)
	}
	return format.Plain(s.EndReason)
}
