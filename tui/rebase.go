package tui

import (
	"slices"
	"time"

	"pytop/collect"
)

// rebaseFunctions makes the totals of functions count from base on. Both are in
// ascending ID. What a process had called by then is, once it has ended and is
// no longer listed, in the function of that name of all that ended; what its
// functions had for which another row of it stands since, is folded.
func rebaseFunctions(rows []collect.FunctionRow, base []collect.CodeCount, folded map[uint64]collect.Totals) {
	gone, lives := map[codeName]collect.Totals{}, map[int]bool{}
	for i := range rows {
		if f := &rows[i]; f.Code.More {
			lives[f.Code.PID] = true
			f.Calls -= min(f.Calls, folded[f.Code.ID].Calls)
			f.Resumes -= min(f.Resumes, folded[f.Code.ID].Resumes)
		}
	}
	leave := func(c *collect.CodeCount) {
		if lives[c.Code.PID] {
			return
		}
		n := nameOf(c.Code)
		gone[n] = collect.Totals{Calls: gone[n].Calls + c.Calls, Resumes: gone[n].Resumes + c.Resumes}
	}
	for i := range rows {
		f := &rows[i]
		for ; len(base) > 0 && base[0].Code.ID < f.Code.ID; base = base[1:] {
			leave(&base[0])
		}
		if len(base) > 0 && base[0].Code.ID == f.Code.ID {
			f.Calls -= min(f.Calls, base[0].Calls)
			f.Resumes -= min(f.Resumes, base[0].Resumes)
			base = base[1:]
		}
	}
	for i := range base {
		leave(&base[i])
	}
	for i := range rows {
		if f := &rows[i]; f.Code.PID == 0 && len(gone) > 0 {
			n := gone[nameOf(f.Code)]
			f.Calls -= min(f.Calls, n.Calls)
			f.Resumes -= min(f.Resumes, n.Resumes)
		}
	}
}

// rebaseGIL makes the totals of threads and GILs count from base on. What is
// the longest stays: of what was before, it cannot be told apart.
func rebaseGIL(s *collect.Snapshot, base, cur *collect.Reading) {
	since := collect.Diff(&collect.Reading{Time: base.Time, Threads: base.Threads, GILs: base.GILs, Worlds: base.Worlds},
		&collect.Reading{Time: cur.Time, Threads: cur.Threads, GILs: cur.GILs, Worlds: cur.Worlds}, 2)
	threads := make(map[uint64]*collect.ThreadReading, len(base.Threads))
	for i := range base.Threads {
		threads[base.Threads[i].ID] = &base.Threads[i]
	}
	for i := range s.Threads {
		if b := threads[s.Threads[i].ID]; b != nil {
			rebaseThread(&s.Threads[i].ThreadReading, b)
		}
	}
	for i := range s.Functions {
		if f := &s.Functions[i]; f.Caused > 0 {
			rebaseCaused(f, since.GILs)
		}
	}
	for i := range s.Worlds {
		for k := range base.Worlds {
			if base.Worlds[k].ID == s.Worlds[i].ID {
				rebaseWorld(&s.Worlds[i], &base.Worlds[k], &since.Worlds[i])
			}
		}
	}
	for i := range s.GILs {
		g := &s.GILs[i]
		for k := range base.GILs {
			if base.GILs[k].ID == g.ID {
				rebaseOneGIL(g, &base.GILs[k], &since.GILs[i])
			}
		}
	}
}

// rebaseCaused is what a function made others wait, by the GILs since the base.
func rebaseCaused(f *collect.FunctionRow, since []collect.GILRow) {
	f.Caused = 0
	for i := range since {
		for _, b := range since[i].Blamed {
			if since[i].PID == f.Code.PID && b.Place.First == f.Code.Line && b.Place.Function == f.Code.Function && b.Place.File == f.Code.File {
				f.Caused += b.Delta
			}
		}
	}
}

func rebaseThread(t, b *collect.ThreadReading) {
	for _, n := range []struct{ to, from *uint64 }{{&t.Holds, &b.Holds}, {&t.Waits, &b.Waits}, {&t.Forced, &b.Forced}, {&t.Pauses, &b.Pauses}, {&t.Parks, &b.Parks}} {
		*n.to -= min(*n.to, *n.from)
	}
	for _, d := range []struct{ to, from *time.Duration }{
		{&t.Hold, &b.Hold}, {&t.Wait, &b.Wait}, {&t.Caused, &b.Caused}, {&t.CPU, &b.CPU}, {&t.RunQueue, &b.RunQueue},
		{&t.Pause, &b.Pause}, {&t.Park, &b.Park},
	} {
		*d.to -= min(*d.to, *d.from)
	}
	t.HoldHist, t.WaitHist = lessHist(t.HoldHist, b.HoldHist), lessHist(t.WaitHist, b.WaitHist)
}

// lessHist is a histogram without what another had; readings share them.
func lessHist(hist, base []uint64) []uint64 {
	hist = slices.Clone(hist)
	for i := range min(len(hist), len(base)) {
		hist[i] -= min(hist[i], base[i])
	}
	return hist
}

func rebaseOneGIL(g *collect.GILRow, b *collect.GILReading, since *collect.GILRow) {
	for _, n := range []struct{ to, from *uint64 }{{&g.Takes, &b.Takes}, {&g.Switches, &b.Switches}, {&g.Forced, &b.Forced}} {
		*n.to -= min(*n.to, *n.from)
	}
	for _, d := range []struct{ to, from *time.Duration }{{&g.Measured, &b.Measured}, {&g.Held, &b.Held}, {&g.Wait, &b.Wait}} {
		*d.to -= min(*d.to, *d.from)
	}
	type pair struct{ from, to uint64 }
	pairs := make(map[pair]*collect.GILPair, len(b.Pairs))
	for i := range b.Pairs {
		pairs[pair{b.Pairs[i].From, b.Pairs[i].To}] = &b.Pairs[i]
	}
	for i := range g.PairRows {
		p := &g.PairRows[i]
		if before := pairs[pair{p.From, p.To}]; before != nil {
			p.Count -= min(p.Count, before.Count)
			p.Wait -= min(p.Wait, before.Wait)
		}
	}
	g.Pairs, g.Blame = nil, nil // their rows say it
	blamed := make(map[collect.Place]time.Duration, len(since.Blamed))
	for _, one := range since.Blamed {
		blamed[one.Place] = one.Delta
	}
	for i := range g.Blamed {
		g.Blamed[i].Wait = blamed[g.Blamed[i].Place]
	}
}
