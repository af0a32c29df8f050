package gil

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/tui/format"
	"pytop/tui/pane"
)

// Press are the keys that mean something of their own in this pane.
func (p *Pane) Press(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if n, ok := pane.Moves(msg, max(1, p.linesInView()-1)); ok {
		p.move(n, pane.IsPage(msg))
		return nil, true
	}
	if !p.measured() {
		return nil, false
	}
	switch {
	case p.Blame.Open && (key.Matches(msg, pane.Keys.Enter) || key.Matches(msg, pane.Keys.Escape)):
		p.Blame.Open = false
	case p.Details.ID != 0 && (key.Matches(msg, pane.Keys.Enter) || key.Matches(msg, pane.Keys.Escape)):
		p.Details.ID = 0
	case key.Matches(msg, keyCounts):
		p.switches.counts = !p.switches.counts
	case p.Blame.Open || p.Details.ID != 0:
		return nil, false
	case key.Matches(msg, pane.Keys.Enter) && p.Blame.under:
		p.openBlame()
	case key.Matches(msg, pane.Keys.Enter):
		i, _ := p.Threads.Cursor()
		return p.openThread(max(0, i)), true
	case key.Matches(msg, pane.Keys.Escape):
		p.threads.setFilter("")
	case key.Matches(msg, pane.Keys.Filter):
		p.AskFilter(p)
	case key.Matches(msg, pane.Keys.Reverse):
		p.Threads.Reverse()
	case p.Threads.PressSort(msg, p.threadsWidth()):
	default:
		return nil, false
	}
	return nil, true
}

// threadsWidth is how many cells the threads have.
func (p *Pane) threadsWidth() int { return p.share(p.Width, p.Height).left }

// move moves the cursor among the threads, and from the last one on to
// the blame line; in details it scrolls, and by pages in a stack that is to
// blame.
func (p *Pane) move(n int, page bool) {
	at, ok := p.Threads.Cursor()
	switch {
	case p.Blame.Open && page:
		p.Blame.scroll.Move(n)
	case p.Blame.Open:
		p.Blame.move(n)
	case p.Details.ID != 0:
		p.Details.Scroll.Move(n)
	case n == -pane.Far:
		p.Blame.under = false
		p.Threads.Go(n, page, p.Drawn())
	case p.Blame.under:
		if n < 0 {
			p.Blame.under = false
			p.Threads.Move(n+1, p.Drawn())
		}
	case n > 0 && n != pane.Far && (ok && at == p.Threads.Len()-1 || p.Threads.Len() == 0) && len(p.blamedRows()) > 0:
		p.Blame.under = true
	default:
		p.Threads.Go(n, page, p.Drawn())
	}
}

// Wheel scrolls what the pane shows.
func (p *Pane) Wheel(n int) {
	switch {
	case p.Blame.Open:
		p.Blame.scroll.Move(n)
	case p.Details.ID != 0:
		p.Details.Scroll.Move(n)
	default:
		p.Threads.Scroll(n, p.Drawn())
	}
}

// Click is a click on a line of the pane, of which so many are drawn:
// active it may have more.
func (p *Pane) Click(x, line, height int) tea.Cmd {
	in, blame := p.share(p.Width, height), -1
	if p.measured() {
		blame = p.blameAt(in, height)
	}
	p.Activate(p)
	switch {
	case !p.measured() || p.Alone():
		return nil
	case line == blame && !p.free():
		p.openBlame()
		return nil
	case x >= in.left:
		return nil
	}
	again := p.Threads.Click(x, line, threadHead, in.left, in.rows)
	if again && !p.Blame.under {
		i, _ := p.Threads.Cursor()
		return p.openThread(i)
	}
	if line >= threadHead && line < threadHead+min(in.rows, p.Threads.Len()-p.Threads.Offset(in.rows)) {
		p.Blame.under = false
	}
	return nil
}

// blameAt is at which line of the pane the blame line is.
func (p *Pane) blameAt(in parts, height int) int {
	drawn := min(in.rows, p.Threads.Len())
	if p.Threads.Len() == 0 && p.threadsOf(p.Shown) > 0 {
		drawn = 1 // which says so
	}
	if in.left == p.Width {
		return threadHead + drawn
	}
	return max(threadHead+drawn, len(p.switches.sideLines(p.Width-in.left-sideGap, height-1)))
}

// openBlame shows the functions that made others wait, and the stack of the
// one that caused most.
func (p *Pane) openBlame() {
	p.Activate(p)
	p.Details.ID = 0
	p.Blame.show()
}

// openThread shows the i-th thread in full.
func (p *Pane) openThread(i int) tea.Cmd {
	if i >= p.Threads.Len() {
		return nil
	}
	p.Blame.Open = false
	return p.Details.show(p.Threads.Row(i).ID)
}

// PressAnywhere opens and closes the blame, and closes what is open.
func (p *Pane) PressAnywhere(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(msg, keyBlame) && len(p.paneGILs()) > 0:
		if p.active() && p.Blame.Open {
			p.Blame.Open = false
		} else {
			p.openBlame()
		}
	case key.Matches(msg, pane.Keys.Escape) && p.Blame.Open:
		p.Blame.Open = false
	case key.Matches(msg, pane.Keys.Escape) && p.Details.ID != 0:
		p.Details.ID = 0
	default:
		return nil, false
	}
	return nil, true
}

// FilterText is the filter of the threads.
func (p *Pane) FilterText() string { return p.threads.filter }

// SetFilter shows the threads that match.
func (p *Pane) SetFilter(text string) { p.threads.setFilter(text) }

// Matching is how many threads match.
func (p *Pane) Matching() string {
	return format.Exactly(p.Threads.Len()) + " of " + format.Exactly(p.threadsOf(p.Shown)) + " threads"
}

// Step moves the cursor while the filter is typed.
func (p *Pane) Step(n int) { p.move(n, false) }
