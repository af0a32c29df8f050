package processes

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/pane"
)

// keyMark is a key of the list alone.
var keyMark = pane.Bind("space", "in the list of processes: mark it; Enter watches all that are marked", "space")

// PressFirst marks a process of the list: elsewhere the key is a pause.
func (p *Pane) PressFirst(msg tea.KeyPressMsg) bool {
	if !p.Listing || !key.Matches(msg, keyMark) {
		return false
	}
	p.mark()
	return true
}

// Press moves, sorts, filters, and chooses a process.
func (p *Pane) Press(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(msg, pane.Keys.Enter):
		return p.enter()
	case key.Matches(msg, pane.Keys.Escape) && p.filter != "":
		p.SetFilter("")
	case key.Matches(msg, pane.Keys.Escape) && !p.Listing:
		p.Activate(nil)
	case key.Matches(msg, pane.Keys.Filter):
		p.AskFilter(p)
	default:
		return nil, p.Rows.Press(msg, p.Width, p.rows())
	}
	return nil, true
}

// enter shows only one process, or watches it.
func (p *Pane) enter() (tea.Cmd, bool) {
	one := p.current()
	switch {
	case p.Listing:
		return p.watch(one), true
	case one == nil:
		return nil, false
	}
	p.Activate(nil)
	p.ShowOnly(one.Process)
	return nil, true
}

// watch attaches to the processes that are marked, else to the current one.
func (p *Pane) watch(current *process) tea.Cmd {
	var pids []int
	for k := range p.marked {
		pids = append(pids, int(k>>32))
	}
	slices.Sort(pids)
	if len(pids) == 0 && current != nil {
		pids = []int{current.Process.PID}
	}
	return p.Watch(pids)
}

// PressAnywhere shows all processes again, where one was chosen.
func (p *Pane) PressAnywhere(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if p.Only == nil || !key.Matches(msg, pane.Keys.Escape) {
		return nil, false
	}
	p.ShowOnly(nil)
	if p.Several() {
		p.Activate(p)
	}
	return nil, true
}

// current is the process under the cursor, or the first in view.
func (p *Pane) current() *process {
	i, ok := p.Rows.Cursor()
	if !ok {
		i = p.Rows.Offset(p.rows())
	}
	if i >= p.Rows.Len() {
		return nil
	}
	return p.Rows.Row(i)
}

// mark marks the process under the cursor, and goes on to the next.
func (p *Pane) mark() {
	one := p.current()
	if one == nil {
		return
	}
	one.marked = !one.marked
	if one.marked {
		p.marked[one.key] = true
	} else {
		delete(p.marked, one.key)
	}
	if _, ok := p.Rows.Cursor(); !ok {
		p.Rows.Move(1, p.rows())
	}
	p.Rows.Move(1, p.rows())
}

// Click sorts, moves the cursor, and chooses a process.
func (p *Pane) Click(x, line, _ int) tea.Cmd {
	p.Activate(p)
	if !p.Rows.Click(x, line, 2, p.Width, p.rows()) {
		return nil
	}
	cmd, _ := p.enter()
	return cmd
}

// Wheel scrolls the rows.
func (p *Pane) Wheel(n int) { p.Rows.Scroll(n, p.rows()) }

// Bar is the keys of the list.
func (p *Pane) Bar() []pane.Short {
	if !p.Listing {
		return nil
	}
	g, k := p.Signs, pane.InBar
	return []pane.Short{k("?", "help", 0), k("/", "filter", 3), k("s", "sort", 4), k(g.Enter, "watch", 0), k(g.Space, "mark", 2), k("q", "quit", 0)}
}

// Help is the pane's keys and numbers.
func (p *Pane) Help() (keys, words []pane.Entry) {
	return []pane.Entry{pane.KeyEntry(290, keyMark)}, []pane.Entry{
		{Rank: 180, Word: "own pid", Meaning: "in the list of processes: the PID that a process has in its own PID namespace, where that is another."},
		{Rank: 190, Word: "in", Meaning: "in the list of processes: the container, service or chroot that a process runs in."},
		{Rank: 200, Word: "calls", Meaning: "in the list of processes: how its calls can be counted, or why not; looking…: that is being found out. Of watched ones: how true its counts are."},
		{Rank: 280, Word: "GIL %", Meaning: "in the processes pane: the share of the last interval that the process's GIL was held; ~ an estimate, ≥ not all was seen (the reason stands below the header), ? not followed (Enter says why, or since when). Children are followed once they have lived for 100 ms."},
	}
}
