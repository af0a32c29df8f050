package gil

import "pytop/tui/pane"

// lines is how many lines the pane would like: all that it has to say when
// it is the active one on a small screen.
func (p *Pane) lines() int {
	if !p.measured() {
		return 1
	}
	threads := max(2, p.threadsOf(p.Shown))
	switch {
	case p.Width >= sideFrom:
		switches := min(p.switches.switchesWanted(p.switches.sideWidth(p.Width)-sideGap), mostPairsBeside)
		return max(threadHead+min(threads, 8), switches) + 1
	case p.active():
		return threadHead + threads + 1 + p.switches.switchesWanted(p.Width-2*pane.Gutter)
	}
	return threadHead + min(threads, 8) + 1
}

const (
	sideFrom        = 110 // width from which on the switches are beside the threads
	sideGap         = 3
	mostPairsBeside = 11 // lines of switches that the pane grows for, beside threads
)

// threadHead is how many lines are above the threads.
const threadHead = 2

// parts is how the pane is shared out, in lines.
type parts struct {
	left     int // cells of the threads; what is right of them has the switches
	rows     int // threads
	switches int // under the threads
	blame    int // more than the one line
	events   int // long holds and waits
}

// share shares out the pane. Switches are beside the threads on a wide
// screen; under them when the pane is the active one of a narrow screen, or
// alone, where all threads' columns are wanted, and more is to be said.
func (p *Pane) share(width, height int) parts {
	alone := p.Zoomed && p.active()
	out := parts{left: width, rows: max(0, height-threadHead-1)}
	switch {
	case !p.measured():
		return out
	case width >= sideFrom && !alone:
		out.left = width - p.switches.sideWidth(width)
		return out
	case !p.active():
		return out
	}
	room := out.rows
	want := max(1, p.threadsOf(p.Shown))
	out.rows = min(want, max(2, room/2))
	room -= out.rows
	take := func(want, least int) int {
		if want = min(want, room); want < least {
			return 0
		}
		room -= want
		return want
	}
	out.switches = take(p.switches.switchesWanted(width-2*pane.Gutter), 2)
	if alone {
		out.blame = take(min(2+len(p.blamedRows()), 8), 4)
		out.events = take(min(2+p.eventsOf(nil), 12), 3)
	}
	out.rows += take(want-out.rows, 1)
	return out
}

// Drawn is how many threads are drawn.
func (p *Pane) Drawn() int {
	if height := p.Lines(p); height > 0 {
		return max(1, p.share(p.Width, height).rows)
	}
	return 1
}

// linesInView is how many lines are drawn of what one moves through in the
// pane: of a stack that is to blame, of a thread's details, else threads.
func (p *Pane) linesInView() int {
	height := p.Lines(p)
	switch {
	case p.Blame.Open:
		return max(1, height-blameHead(len(p.blamedRows()), height))
	case p.Details.ID != 0:
		return max(1, height-1)
	}
	return p.Drawn()
}

// Wants is more the higher the screen is; a line says that nothing is measured.
func (p *Pane) Wants(r pane.Room) int {
	n := 0
	switch {
	case p.Listing:
	case r.Height >= pane.Roomy:
		n = min(p.lines(), max(1, r.Body*2/5, r.Unused))
	case r.Height >= 20 && measuredIn(p.Shown):
		n = min(p.lines(), max(5, r.Unused))
	case r.Height >= 15 && measuredIn(p.Shown): // one thread, and who made others wait
		n = min(p.lines(), 4)
	}
	if p.active() && n > 0 { // who looks at it wants more of it
		n = max(n, min(p.lines(), r.Body-r.Gap-r.Least))
	}
	return n
}

// Alone tells whether a thread or the blame is shown in full.
func (p *Pane) Alone() bool { return p.Details.ID != 0 || p.Blame.Open }
