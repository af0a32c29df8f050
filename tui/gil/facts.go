package gil

import (
	"cmp"
	"slices"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// facts is what is known of the GILs that the pane is about, and of processes
// without one.
type facts struct {
	*pane.Screen
	self    pane.Pane
	Threads *pane.Rows[collect.ThreadRow]

	estimated map[int]bool // by PID: its GIL's fields are read, or were in the interval
	bounded   map[int]bool // by PID: not all was seen that happened to its GIL
	sameNames bool         // of threads
}

// active tells whether the pane is the active one.
func (f *facts) active() bool { return f.Active == f.self }

// take notes what a snapshot says of GILs and threads.
func (f *facts) take(s *collect.Snapshot) {
	f.bounded, f.estimated = pane.LowerBounds(s), map[int]bool{}
	for i := range s.GILs {
		f.estimated[s.GILs[i].PID] = f.estimated[s.GILs[i].PID] || s.GILs[i].Estimated
	}
	rows := pane.ShownThreads(s)
	slices.SortFunc(rows, func(a, b collect.ThreadRow) int { return cmp.Compare(a.ID, b.ID) })
	f.sameNames = pane.SameNames(rows)
	f.Threads.Set(rows)
}

// paneGILs are the GILs that the pane is about: of the process that was chosen, else all.
func (f *facts) paneGILs() []collect.GILRow {
	switch {
	case f.Shown == nil:
		return nil
	case f.Only == nil:
		return f.Shown.GILs
	}
	var own []collect.GILRow
	for i := range f.Shown.GILs {
		if g := &f.Shown.GILs[i]; g.PID == f.Only.PID {
			own = append(own, *g)
		}
	}
	return own
}

// paneWorlds are the processes without a GIL that the pane is about: see paneGILs.
func (f *facts) paneWorlds() []collect.WorldRow {
	switch {
	case f.Shown == nil:
		return nil
	case f.Only == nil:
		return f.Shown.Worlds
	}
	var own []collect.WorldRow
	for i := range f.Shown.Worlds {
		if w := &f.Shown.Worlds[i]; w.PID == f.Only.PID {
			own = append(own, *w)
		}
	}
	return own
}

// measured tells whether the pane has something to show.
func (f *facts) measured() bool { return len(f.paneGILs())+len(f.paneWorlds()) > 0 }

// free tells whether the pane is about processes without a GIL alone.
func (f *facts) free() bool { return len(f.paneGILs()) == 0 && len(f.paneWorlds()) > 0 }

// worstGIL is the one of them that is waited for most; there is one at least.
func (f *facts) worstGIL() *collect.GILRow { return worstOf(f.paneGILs()) }

// worstWorld is the one that was stopped longest; there is one at least.
func (f *facts) worstWorld() *collect.WorldRow { return worstWorldOf(f.paneWorlds()) }

// worstOf is the one of them that is waited for most, of those that are
// measured: of another, whose process ended say, nothing is said.
func worstOf(gils []collect.GILRow) *collect.GILRow {
	worst := &gils[0]
	for i := range gils {
		switch g := &gils[i]; {
		case g.Counting != worst.Counting:
			if g.Counting {
				worst = g
			}
		case g.WaitShare > worst.WaitShare || g.WaitShare == worst.WaitShare && g.HeldShare > worst.HeldShare:
			worst = g
		}
	}
	return worst
}

// worstWorldOf is the process that was stopped longest, of those that are measured.
func worstWorldOf(worlds []collect.WorldRow) *collect.WorldRow {
	worst := &worlds[0]
	for i := range worlds {
		switch w := &worlds[i]; {
		case w.Counting != worst.Counting:
			if w.Counting {
				worst = w
			}
		case w.PauseShare > worst.PauseShare || w.PauseShare == worst.PauseShare && w.WaitShare > worst.WaitShare:
			worst = w
		}
	}
	return worst
}

// measuredGILs is how many of them are measured, and of how many processes they
// are; with none that is, of all.
func measuredGILs(gils []collect.GILRow) (n, processes int) {
	any := slices.ContainsFunc(gils, func(g collect.GILRow) bool { return g.Counting })
	of := map[int]bool{}
	for i := range gils {
		if g := &gils[i]; g.Counting || !any {
			n++
			of[g.PID] = true
		}
	}
	return n, len(of)
}

// measuredWorlds is how many of them are measured; with none that is, all.
func measuredWorlds(worlds []collect.WorldRow) int {
	n := 0
	for i := range worlds {
		if worlds[i].Counting {
			n++
		}
	}
	if n == 0 {
		return len(worlds)
	}
	return n
}

// isEstimated tells whether a process's GIL's fields are read, or were in the interval.
func (f *facts) isEstimated(pid int) bool { return f.estimated[pid] }

// isBounded tells whether what is said of a process's GIL is a lower bound.
func (f *facts) isBounded(pid int) bool { return f.bounded[pid] }

// part tells whether the GIL's fields were read for a time: of what takes and
// drops say more may have gone by.
func (f *facts) part(pid int) bool {
	return f.Shown != nil && slices.ContainsFunc(f.Shown.GILs, func(g collect.GILRow) bool { return g.PID == pid && g.Sampled > 0 })
}

// gilMark stands before what the interval says of a process's GIL.
func (f *facts) gilMark(pid int) string {
	if f.isBounded(pid) {
		return f.Signs.AtLeast
	}
	return ""
}

// sumMark stands before what there was in all: more may have gone by also while
// fields were read.
func (f *facts) sumMark(pid int) string {
	if f.part(pid) {
		return f.Signs.AtLeast
	}
	return f.gilMark(pid)
}

// reason says why there is nothing about the GIL, of the process that was
// chosen, or of any.
func (f *facts) reason(s *collect.Snapshot) string {
	for i := range s.Processes {
		if p := &s.Processes[i]; f.Only != nil && p.Process.PID == f.Only.PID && p.GIL.Reason != "" {
			return pane.PidText(p.Process.PID) + " only: not measured: " + format.Plain(p.GIL.Reason)
		}
	}
	for _, p := range s.Probes {
		if p.Name == "gil" && p.Reason != "" {
			return "not measured: " + format.Plain(p.Reason)
		}
	}
	return "not measured"
}

// threadsOf counts the threads of the process that was chosen, else all.
func (f *facts) threadsOf(s *collect.Snapshot) int {
	if f.Only == nil || s == nil {
		return f.Threads.All()
	}
	n := 0
	for i := range s.Threads {
		if t := &s.Threads[i]; t.PID == f.Only.PID && pane.ThreadShown(t, s) {
			n++
		}
	}
	return n
}

// measuredIn tells whether there is something to show of the GIL.
func measuredIn(s *collect.Snapshot) bool { return s != nil && len(s.GILs)+len(s.Worlds) > 0 }

// withoutGIL tells whether all that is watched runs without a GIL: what threads
// wait for instead is then shown.
func withoutGIL(s *collect.Snapshot) bool { return s != nil && len(s.GILs) == 0 && len(s.Worlds) > 0 }
