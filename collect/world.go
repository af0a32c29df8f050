package collect

import (
	"cmp"
	"slices"
	"time"
)

// WorldReading is a process without a GIL (free-threaded) at one instant: how
// often all its threads were stopped together. Counts are cumulative, and of
// pauses that some thread felt: one that found all others at rest, and was
// over before they went on, is none.
type WorldReading struct {
	ID       uint64 // unique within a source, never 0
	PID      int
	Status   GILStatus     // GILExact, GILLowerBound, GILOff
	Measured time.Duration // time during which it was followed
	Pauses   uint64        // that ended
	Pause    time.Duration // what goes on is in there
	PauseMax time.Duration
	Pausing  time.Duration // of the pause that goes on; 0: none does
	Stoppers []Stopper     // in no order
}

// Stopper is a thread that stopped the world.
type Stopper struct {
	TID      int // 0: not known, or a thread that is no more
	Pauses   uint64
	Pause    time.Duration
	PauseMax time.Duration
}

// WorldRow is a process without a GIL in a snapshot.
type WorldRow struct {
	WorldReading
	PausesPerS  float64
	PauseShare  float64 // of the interval, 0..1
	WaitsPerS   float64 // of all threads, for mutexes
	WaitShare   float64 // of all threads; may be above 1: several may wait
	Counting    bool
	in          time.Duration // of the interval, during which it was followed
	StopperRows []StopperRow  // what stopped it longest in the interval first
}

// StopperRow is a thread that stopped the world, in a snapshot.
type StopperRow struct {
	Stopper
	Delta uint64
	Share float64 // of the interval
}

// diffWorlds: how often worlds were stopped between two readings that lie so far apart.
func diffWorlds(prev, cur []WorldReading, interval time.Duration) []WorldRow {
	before := make(map[uint64]*WorldReading, len(prev))
	for i := range prev {
		before[prev[i].ID] = &prev[i]
	}
	rows := make([]WorldRow, len(cur))
	for i := range cur {
		w := WorldRow{WorldReading: cur[i]}
		b := before[w.ID]
		if b == nil {
			b = &WorldReading{}
		}
		in := enough(min(w.Measured-b.Measured, interval), interval)
		w.in, w.Counting = in, in > 0 && w.Status != GILOff
		w.PausesPerS = perSecond(grown(b.Pauses, w.Pauses), in)
		w.PauseShare = min(1, share(w.Pause-b.Pause, in))
		w.StopperRows = diffStoppers(b.Stoppers, w.Stoppers, in)
		rows[i] = w
	}
	return rows
}

func diffStoppers(prev, cur []Stopper, in time.Duration) []StopperRow {
	before := make(map[int]Stopper, len(prev))
	for _, s := range prev {
		before[s.TID] = s
	}
	rows := make([]StopperRow, len(cur))
	for i, s := range cur {
		b := before[s.TID]
		rows[i] = StopperRow{Stopper: s, Delta: grown(b.Pauses, s.Pauses), Share: min(1, share(s.Pause-b.Pause, in))}
	}
	slices.SortFunc(rows, func(a, b StopperRow) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(b.Pause, a.Pause), cmp.Compare(a.TID, b.TID))
	})
	return rows
}

// addWaits sums what the threads of worlds waited for mutexes.
func addWaits(worlds []WorldRow, threads []ThreadRow) {
	for i := range worlds {
		w := &worlds[i]
		for k := range threads {
			if t := &threads[k]; t.PID == w.PID && t.NoGIL && t.Counting {
				w.WaitsPerS += t.WaitsPerS
				w.WaitShare += t.WaitShare
			}
		}
	}
}
