package gil

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/kernelmap"
)

// pollWorlds brings what is known of processes without a GIL up to date with
// the maps.
func (t *table) pollWorlds() error {
	by := map[uint32]*world{}
	for _, g := range t.list() {
		if g.links != nil && g.world != nil {
			if err := t.Maps.Worlds.Lookup(&g.index, &g.world.now); err != nil {
				return fmt.Errorf("read the pauses: %w", err)
			}
			g.world.stoppersNow = map[int]bpf.StopperCount{}
			by[g.index] = g.world
		}
	}
	if len(by) == 0 {
		return nil
	}
	err := kernelmap.ReadAll(t.Maps.Stoppers, func(key bpf.StopperKey, n bpf.StopperCount) {
		if w := by[key.Process]; w != nil {
			w.stoppersNow[int(key.Tid)] = n
		}
	})
	if err != nil {
		return fmt.Errorf("read who stopped the world: %w", err)
	}
	return nil
}

// retireWorld makes what was counted final, after it was read; retireGIL makes
// its index another's.
func (t *table) retireWorld(g *followed) error {
	w := g.world
	if clock := g.clock(); w.now.Paused > 0 && w.now.Since != 0 && clock > w.now.Since {
		w.now.PauseNs += clock - w.now.Since
		w.now.PauseMax = max(w.now.PauseMax, clock-w.now.Since)
	}
	n, d := &w.now, &w.done
	d.Pauses, d.PauseNs, d.PauseMax, d.Lost = d.Pauses+n.Pauses, d.PauseNs+n.PauseNs, max(d.PauseMax, n.PauseMax), d.Lost+n.Lost
	var errs []error
	for tid, count := range w.stoppersNow {
		outer := w.stopperTID(g, tid)
		w.stoppersDone[outer] = addStopper(w.stoppersDone[outer], count)
		key := bpf.StopperKey{Process: g.index, Tid: uint32(tid)}
		if err := t.Maps.Stoppers.Delete(&key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			errs = append(errs, err)
		}
	}
	for address := range w.interpreters {
		errs = append(errs, t.forgetInterpreter(g, address))
	}
	if w.began != 0 {
		w.measured += time.Duration(kernelmap.Less(g.clock(), w.began))
	}
	w.now, w.stoppersNow = bpf.World{}, nil
	return errors.Join(append(errs, t.Maps.Worlds.Put(&g.index, &w.now))...)
}

// stopperTID is a stopper's TID as pytop numbers it; it stays that of one that has ended.
func (w *world) stopperTID(g *followed, tid int) int {
	if w.names[tid] == 0 {
		w.names[tid] = g.memory.Outer(tid)
	}
	return w.names[tid]
}

func addStopper(a, b bpf.StopperCount) bpf.StopperCount {
	return bpf.StopperCount{Pauses: a.Pauses + b.Pauses, Ns: a.Ns + b.Ns, Max: max(a.Max, b.Max)}
}

// reading is a world as of the last poll.
func (w *world) reading(g *followed) collect.WorldReading {
	n, d := &w.now, &w.done
	live := w == g.world && g.links != nil
	r := collect.WorldReading{
		ID: w.id, PID: g.Info.PID, Status: collect.GILExact, Measured: w.measured, Pauses: d.Pauses + n.Pauses,
		Pause: time.Duration(d.PauseNs + n.PauseNs), PauseMax: time.Duration(max(d.PauseMax, n.PauseMax)), Stoppers: []collect.Stopper{},
	}
	if live {
		r.Measured += time.Duration(kernelmap.Less(g.clock(), w.began))
	}
	if now := g.clock(); live && g.Gone == "" && n.Paused > 0 && n.Since != 0 && now > n.Since {
		r.Pausing = time.Duration(now - n.Since)
		r.Pause, r.PauseMax = r.Pause+r.Pausing, max(r.PauseMax, r.Pausing)
	}
	switch {
	case !live && g.Gone == "":
		r.Status = collect.GILOff
	case g.weak() != "":
		r.Status = collect.GILLowerBound
	}
	stoppers := map[int]bpf.StopperCount{}
	for tid, count := range w.stoppersDone {
		stoppers[tid] = count
	}
	for tid, count := range w.stoppersNow {
		outer := w.stopperTID(g, tid)
		stoppers[outer] = addStopper(stoppers[outer], count)
	}
	for tid, c := range stoppers {
		r.Stoppers = append(r.Stoppers, collect.Stopper{TID: tid, Pauses: c.Pauses, Pause: time.Duration(c.Ns), PauseMax: time.Duration(c.Max)})
	}
	return r
}

// addParks adds what goes on of a thread's waits in the parking lot, of which
// only the innermost does; now is the kernel's clock, 0: the thread has ended.
func (c *threadCounts) addParks(t *bpf.GILThread, now uint64) {
	c.pauses, c.pause, c.pauseMax, c.parks, c.park = t.Pauses, t.PauseNs, t.PauseMax, t.Others, t.OtherNs
	n := min(int(t.Parked), len(t.Parks))
	for i := range n {
		k := &t.Parks[i]
		ns := k.Before
		if i == n-1 && now > k.Since {
			ns += now - k.Since
		}
		switch {
		case now == 0:
		case k.Kind == bpf.ParkMutex:
			c.wait, c.waitMax, c.waiting = c.wait+ns, max(c.waitMax, ns), ns
		case k.Kind == bpf.ParkPause:
			c.pause, c.pauseMax, c.pausing = c.pause+ns, max(c.pauseMax, ns), ns
		default:
			c.park += ns
		}
	}
}

// parkingMethod says how waits and pauses are seen.
func (b *build) parkingMethod() string {
	k := b.parking
	if k == nil || k.sites == nil {
		return ""
	}
	return fmt.Sprintf("no GIL (free-threaded): %d calls in _PyParkingLot_Park of %s, a wait takes ~%.1f µs longer; pauses are those that a thread felt",
		len(k.sites.Begin)+len(k.sites.End), b.Name, 2e6*k.price.PerSecond(1))
}
