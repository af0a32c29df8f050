package gil

import "pytop/tui/pane"

// The keys of the pane alone.
var (
	keyBlame  = pane.Bind("b", "blame: the functions that made others wait for the GIL, and their stacks; also Enter on the line below the threads, or a click", "b")
	keyCounts = pane.Bind("c", "in the GIL pane: switches a second, or in all", "c")
)

// Bar is the keys that do something now.
func (p *Pane) Bar() []pane.Short {
	g, k := p.Signs, pane.InBar
	switch {
	case p.Blame.Open:
		return []pane.Short{k("Esc", "back", 0), k(g.Arrows, "another", 1), k(g.Space, "pause", 3), k("e", "export", 4), k("?", "help", 0), k("q", "quit", 0)}
	case p.Details.ID != 0 && p.free():
		return []pane.Short{k("Esc", "back", 0), k(g.Arrows, "scroll", 1), k(g.Space, "pause", 2), k("e", "export", 3), k("?", "help", 0), k("q", "quit", 0)}
	case p.Details.ID != 0:
		return []pane.Short{k("Esc", "back", 0), k(g.Arrows, "scroll", 1), k("b", "blame", 2), k(g.Space, "pause", 3), k("e", "export", 4), k("?", "help", 0), k("q", "quit", 0)}
	case p.free():
		return []pane.Short{k("?", "help", 0), k("/", "filter", 3), k("s", "sort", 4), k(g.Enter, "thread", 1), k(g.Space, "pause", 6), k("e", "export", 8),
			k("x", "brake", 2), k("z", "zoom", 5), k(g.Tab, "pane", 7), k("q", "quit", 0)}
	case p.measured():
		return []pane.Short{k("?", "help", 0), k("/", "filter", 5), k("s", "sort", 6), k(g.Enter, "thread", 2), k("b", "blame", 1), k("c", "counts", 4), k(g.Space, "pause", 8),
			k("e", "export", 10), k("x", "brake", 3), k("z", "zoom", 7), k(g.Tab, "pane", 9), k("q", "quit", 0)}
	}
	return []pane.Short{k("?", "help", 0), k(g.Space, "pause", 3), k("e", "export", 5), k("x", "brake", 1), k("z", "zoom", 4), k(g.Tab, "pane", 2), k("q", "quit", 0)}
}
