package gil

import (
	"slices"
	"time"

	"pytop/collect"
)

// Rebase makes the totals of threads and GILs count from base on. What is
// the longest stays: of what was before, it cannot be told apart.
func (*Pane) Rebase(s *collect.Snapshot, base, cur *collect.Reading) {
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

// rebaseWorld makes the totals of a process without a GIL count from b on: see Rebase.
func rebaseWorld(w *collect.WorldRow, b *collect.WorldReading, since *collect.WorldRow) {
	w.Pauses -= min(w.Pauses, b.Pauses)
	w.Pause -= min(w.Pause, b.Pause)
	w.Measured -= min(w.Measured, b.Measured)
	deltas := map[int]uint64{}
	for _, one := range since.StopperRows {
		deltas[one.TID] = one.Delta
	}
	before := map[int]time.Duration{}
	for _, one := range b.Stoppers {
		before[one.TID] = one.Pause
	}
	for i := range w.StopperRows {
		one := &w.StopperRows[i]
		one.Pauses, one.Pause = deltas[one.TID], one.Pause-min(one.Pause, before[one.TID])
	}
	w.Stoppers = nil // their rows say it
}
