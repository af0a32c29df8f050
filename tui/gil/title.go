package gil

import (
	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// title is the first line of the pane.
func (p *Pane) title(width int) string {
	title := []pane.Piece{
		{Text: "GIL", Ink: p.TitleInk(p.self)},
		{Text: p.noGILWord(), Ink: p.Styles.Plain, Gap: "  "},
		{Text: p.threads.words(), Ink: p.Styles.Plain, Gap: "  "},
	}
	title = append(title, p.whose()...)
	if text := p.followedWords(); text != "" && p.threads.filter == "" {
		title = append(title, pane.Piece{Text: text, Ink: p.Styles.Dim, Gap: "   ", Rank: 2, Flex: true})
	}
	if p.threads.filter != "" {
		title = append(title, pane.Piece{Text: "filter: " + format.Plain(p.threads.filter), Ink: p.Styles.Accent, Gap: "   ", Flex: true})
	}
	return p.Line(width, title, nil)
}

// noGILWord says that there is none; empty: there is one.
func (p *Pane) noGILWord() string {
	if p.free() {
		return "no GIL (free-threaded)"
	}
	return ""
}

// whose says whose GILs the pane is about, where they may be several processes':
// of several what is below and beside the threads is the worst one's.
func (p *Pane) whose() []pane.Piece {
	var pieces []pane.Piece
	if p.Only != nil {
		pieces = append(pieces, pane.Piece{Text: pane.PidText(p.Only.PID) + " only", Ink: p.Styles.Accent, Gap: "   "})
	}
	gils, worlds := p.paneGILs(), p.paneWorlds()
	measured, _ := measuredGILs(gils)
	text := ""
	switch {
	case measured > 1:
		text = "switches and blame: " + gilOwner(p.worstGIL(), gils) + ", the worst"
	case p.Only != nil:
	case measured == 1 && (len(worlds) > 0 || p.Several()):
		text = "switches and blame: " + gilOwner(p.worstGIL(), gils)
	case measured == 0 && measuredWorlds(worlds) > 1:
		text = "pauses: " + pane.PidText(p.worstWorld().PID) + ", the worst"
	}
	if text != "" {
		pieces = append(pieces, pane.Piece{Text: text, Ink: p.Styles.Dim, Gap: "   ", Rank: 1})
	}
	return pieces
}

// followedWords is what else is to be said of how the GIL of the pane's one
// process is followed: since when, or that its totals have a hole. A lower
// bound's reason is among the alerts, that there is no GIL in the title.
func (p *Pane) followedWords() string {
	s := p.Shown
	for i := range s.Processes {
		one := &s.Processes[i]
		if len(s.Processes) > 1 && (p.Only == nil || p.Only.PID != one.Process.PID) || one.GIL.Status == collect.GILLowerBound || one.GIL.None {
			continue
		}
		return format.Plain(one.GIL.Reason)
	}
	return ""
}
