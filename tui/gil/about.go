package gil

import (
	"cmp"
	"slices"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// About is how long the function made threads wait for the GIL, and in
// what stack most of it: as many frames as there is room for.
func (p *Pane) About(code *collect.Code, width, height int) []string {
	b := p.blamedFunction(code)
	i, ok := slices.BinarySearchFunc(p.Shown.Functions, code.ID, func(f collect.FunctionRow, id uint64) int { return cmp.Compare(f.Code.ID, id) })
	if !ok || b == nil || b.Wait == 0 {
		return nil
	}
	share := p.Signs.Unknown
	if p.Shown.Functions[i].CausedKnown {
		share = p.gilMark(code.PID) + format.HeadPercent(b.Share)
	}
	of := ""
	if b.Thread != 0 {
		of = " of " + p.threadWords(code.PID, b.Thread)
	}
	lines := []string{p.Line(width, []pane.Piece{
		{Text: "  caused wait", Ink: p.Styles.Dim}, {Text: share, Unit: " now", Ink: p.Styles.Bold, Gap: " "},
		{Text: p.sumMark(code.PID) + p.Signs.Duration(b.Wait), Unit: " in all", Ink: p.Styles.Bold, Gap: "   "},
		{Text: "mostly in this stack" + of + ":", Ink: p.Styles.Dim, Gap: "   ", Rank: 1},
	}, nil)}
	if len(b.Stack) == 0 {
		return append(lines, format.Blank(pane.Gutter+4)+p.Styles.Dim.Paint("its stack could not be read"))
	}
	frames := p.frames(b.Stack, width)
	if hidden := len(frames) - height + 1; hidden > 0 && height > 1 {
		frames = append(frames[:height-1], format.Blank(pane.Gutter+4)+p.Styles.Dim.Paint(format.Exactly(hidden)+" more"))
	}
	return append(lines, frames...)
}
