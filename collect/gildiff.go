package collect

import (
	"cmp"
	"slices"
	"time"
)

// diffGIL makes the part of a snapshot that is about GILs, and about what threads
// wait for in processes that have none. It tells processes and functions, too.
func diffGIL(prev, cur *Reading, s *Snapshot) {
	if cur.GILs != nil {
		s.GILs = diffGILs(prev.GILs, cur.GILs, s.Span())
	}
	if cur.Worlds != nil {
		s.Worlds = diffWorlds(prev.Worlds, cur.Worlds, s.Span())
	}
	if cur.Threads != nil {
		s.Threads = diffThreads(prev.Threads, cur.Threads, s.GILs, s.Worlds, s.Span())
	}
	addWaits(s.Worlds, s.Threads)
	addHeld(s.Processes, s.GILs)
	blameFunctions(s.Functions, s.GILs)
}

// diffGILs: what GILs did between two readings that lie so far apart.
func diffGILs(prev, cur []GILReading, interval time.Duration) []GILRow {
	before := make(map[uint64]*GILReading, len(prev))
	for i := range prev {
		before[prev[i].ID] = &prev[i]
	}
	rows := make([]GILRow, len(cur))
	for i := range cur {
		g := GILRow{GILReading: cur[i]}
		b := before[g.ID]
		if b == nil {
			b = &GILReading{}
		}
		in := enough(min(g.Measured-b.Measured, interval), interval)
		g.in, g.Counting, g.Estimated = in, in > 0, g.Sampled > b.Sampled
		g.TakesPerS = perSecond(grown(b.Takes, g.Takes), in)
		g.SwitchesPerS = perSecond(grown(b.Switches, g.Switches), in)
		g.ForcedPerS = perSecond(grown(b.Forced, g.Forced), in)
		g.HeldShare = min(1, share(g.Held-b.Held, in))
		g.WaitShare = share(g.Wait-b.Wait, in)
		g.PairRows = diffPairs(b.Pairs, g.Pairs, in)
		g.Blamed = diffBlame(b.Blame, g.Blame, in)
		rows[i] = g
	}
	return rows
}

// addHeld tells processes how much of the interval their GIL was held.
func addHeld(rows []ProcessRow, gils []GILRow) {
	most, estimated := map[int]float64{}, map[int]bool{} // by PID
	for i := range gils {
		if g := &gils[i]; g.Counting {
			most[g.PID] = max(most[g.PID], g.HeldShare)
			estimated[g.PID] = estimated[g.PID] || g.Estimated
		}
	}
	for i := range rows {
		if held, ok := most[rows[i].Process.PID]; ok && rows[i].GIL.Status != GILOff {
			rows[i].GILHeldShare, rows[i].GILHeldKnown, rows[i].GILEstimated = held, true, estimated[rows[i].Process.PID]
		}
	}
}

func diffPairs(prev, cur []GILPair, in time.Duration) []GILPairRow {
	type key struct{ from, to uint64 }
	before := make(map[key]*GILPair, len(prev))
	for i := range prev {
		before[key{prev[i].From, prev[i].To}] = &prev[i]
	}
	rows := make([]GILPairRow, len(cur))
	for i, p := range cur {
		b := before[key{p.From, p.To}]
		if b == nil {
			b = &GILPair{}
		}
		d := grown(b.Count, p.Count)
		rows[i] = GILPairRow{GILPair: p, Delta: d, PerS: perSecond(d, in), WaitShare: min(1, share(p.Wait-b.Wait, in))}
	}
	slices.SortFunc(rows, func(a, b GILPairRow) int {
		return cmp.Or(cmp.Compare(b.Delta, a.Delta), cmp.Compare(b.Count, a.Count), cmp.Compare(a.FromTID, b.FromTID), cmp.Compare(a.ToTID, b.ToTID))
	})
	return rows
}

// blameFunctions tells functions how long they made threads wait for a GIL.
func blameFunctions(rows []FunctionRow, gils []GILRow) {
	if len(gils) == 0 {
		return
	}
	type where struct{ pid, line int }
	blamed := map[where][]*BlameRow{}
	known, part := map[int]bool{}, map[int]bool{} // by PID: of all its GILs
	for i := range gils {
		g := &gils[i]
		is, seen := known[g.PID]
		known[g.PID] = (is || !seen) && g.Counting && !g.Estimated && g.Status != GILOff
		part[g.PID] = part[g.PID] || g.Sampled > 0
		for k := range g.Blamed {
			b := &g.Blamed[k]
			at := where{g.PID, b.Place.First}
			blamed[at] = append(blamed[at], b)
		}
	}
	for i := range rows {
		f := &rows[i]
		f.CausedKnown, f.CausedPart = known[f.Code.PID], part[f.Code.PID]
		for _, b := range blamed[where{f.Code.PID, f.Code.Line}] {
			if b.Place.Function == f.Code.Function && b.Place.File == f.Code.File {
				f.Caused += b.Wait
				f.CausedShare += b.Share
			}
		}
	}
}

// diffBlame sums stacks by their innermost function.
func diffBlame(prev, cur []Blame, in time.Duration) []BlameRow {
	type function struct {
		file, function string
		first          int
	}
	leaf := func(b *Blame) (Place, function) {
		if len(b.Stack) == 0 {
			return Place{}, function{}
		}
		p := b.Stack[0]
		return p, function{p.File, p.Function, p.First}
	}
	before := map[function]time.Duration{}
	for i := range prev {
		_, f := leaf(&prev[i])
		before[f] += prev[i].Wait
	}
	index := map[function]int{}
	var rows []BlameRow
	var most []time.Duration // by row: what its Stack caused
	for i := range cur {
		place, f := leaf(&cur[i])
		at, ok := index[f]
		if !ok {
			at = len(rows)
			index[f] = at
			rows, most = append(rows, BlameRow{Place: place}), append(most, -1)
		}
		r := &rows[at]
		r.Wait += cur[i].Wait
		if cur[i].Wait > most[at] {
			most[at] = cur[i].Wait
			r.Stack, r.Thread, r.Place = cur[i].Stack, cur[i].TID, place
		}
	}
	for i := range rows {
		_, f := leaf(&Blame{Stack: []Place{rows[i].Place}})
		if rows[i].Place == (Place{}) {
			f = function{}
		}
		rows[i].Delta = max(0, rows[i].Wait-before[f])
		rows[i].Share = share(rows[i].Delta, in)
	}
	slices.SortStableFunc(rows, func(a, b BlameRow) int {
		return cmp.Or(cmp.Compare(b.Delta, a.Delta), cmp.Compare(b.Wait, a.Wait), cmp.Compare(a.Place.Function, b.Place.Function))
	})
	return rows
}
