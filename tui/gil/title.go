package gil

import (
	"pytop/tui/format"
	"pytop/tui/pane"
)

// title is the first line of the pane.
func (t *threads) title(width int) string {
	title := []pane.Piece{
		{Text: "GIL", Ink: t.TitleInk(t.self)},
		{Text: t.noGILWord(), Ink: t.Styles.Plain, Gap: "  "},
		{Text: t.words(), Ink: t.Styles.Plain, Gap: "  "},
	}
	title = append(title, t.whose()...)
	if text := t.followedWords(); text != "" && t.filter == "" {
		title = append(title, pane.Piece{Text: text, Ink: t.Styles.Dim, Gap: "   ", Rank: 2, Flex: true})
	}
	if t.filter != "" {
		title = append(title, pane.Piece{Text: "filter: " + format.Plain(t.filter), Ink: t.Styles.Accent, Gap: "   ", Flex: true})
	}
	return t.Line(width, title, nil)
}

// noGILWord says that there is none; empty: there is one.
func (t *threads) noGILWord() string {
	if t.facts.free() {
		return "no GIL (free-threaded)"
	}
	return ""
}

// whose says whose GILs the pane is about, where they may be several processes':
// of several what is below and beside the threads is the worst one's.
func (t *threads) whose() []pane.Piece {
	var pieces []pane.Piece
	if t.Only != nil {
		pieces = append(pieces, pane.Piece{Text: pane.PidText(t.Only.PID) + " only", Ink: t.Styles.Accent, Gap: "   "})
	}
	gils, worlds := t.paneGILs(), t.paneWorlds()
	measured, _ := measuredGILs(gils)
	text := ""
	switch {
	case measured > 1:
		text = "switches and blame: " + gilOwner(t.worstGIL(), gils) + ", the worst"
	case t.Only != nil:
	case measured == 1 && (len(worlds) > 0 || t.Several()):
		text = "switches and blame: " + gilOwner(t.worstGIL(), gils)
	case measured == 0 && measuredWorlds(worlds) > 1:
		text = "pauses: " + pane.PidText(t.worstWorld().PID) + ", the worst"
	}
	if text != "" {
		pieces = append(pieces, pane.Piece{Text: text, Ink: t.Styles.Dim, Gap: "   ", Rank: 1})
	}
	return pieces
}

// followedWords is what else is to be said of how the GIL of the pane's one
// process is followed: since when, or that its totals have a hole. A lower
// bound's reason is among the alerts, that there is no GIL in the title.
func (t *threads) followedWords() string {
	s := t.Shown
	for i := range s.Processes {
		one := &s.Processes[i]
		if len(s.Processes) > 1 && (t.Only == nil || t.Only.PID != one.Process.PID) || t.isBounded(one.Process.PID) || one.GIL.None {
			continue
		}
		return format.Plain(one.GIL.Reason)
	}
	return ""
}
