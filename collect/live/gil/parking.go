package gil

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/cpython"
	"pytop/collect/elf"
	"pytop/collect/live/attach"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/price"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
	"pytop/collect/live/words"
	"pytop/collect/site"
)

// Parking follows what the threads of processes wait for that run without a GIL.
// It is a probe.Probe of the GIL's kind.
type Parking struct {
	probe.Base
	*table
}

// Attach begins to follow a process's waits.
func (k *Parking) Attach(p *target.Process, _ bool) error {
	k.attach(p, true)
	return nil
}

// Detach takes the probes away.
func (k *Parking) Detach(why string, of ...*target.Process) error {
	return k.detach(why, k.those(of, true)...)
}

// Round does what must be done often.
func (k *Parking) Round() time.Duration {
	if !k.Asked {
		return probe.Forever
	}
	apart, looking := k.apart(), k.looking()
	for _, g := range k.list() {
		if g.world == nil || g.closing != nil || g.Gone != "" || g.HasEnded() {
			continue
		}
		looked := g.lookingSince
		if k.keepWorld(g, apart, looking < mostLooking); looked.IsZero() && !g.lookingSince.IsZero() {
			looking++
		}
	}
	return tick
}

// Read adds the pauses, and who caused them.
func (k *Parking) Read(r *collect.Reading) collect.Probe {
	if !k.Asked {
		return collect.Probe{}
	}
	if k.opened() {
		r.Worlds = []collect.WorldReading{}
	}
	for _, g := range k.list() {
		if !g.unread() {
			for _, w := range g.worlds {
				r.Worlds = append(r.Worlds, w.reading(g))
			}
		}
	}
	probe, methods := k.account(true)
	probe.Method = words.Join(methods...)
	return probe
}

// Inspect says how a process's waits would be followed, if it has no GIL.
func (k *Parking) Inspect(p *target.Process) (found probe.Finding, _ error) {
	g, free, err := k.inspect(p)
	if err != nil || !free {
		return found, nil //nolint:nilerr // the GIL's probe says it
	}
	err = k.loadParking(g.build())
	found.How = g.build().parkingMethod()
	return found, err
}

// parking is how waits are followed in one free-threaded build.
type parking struct {
	programs *bpf.ParkPrograms
	sites    *site.Parking
	price    price.Hit
	err      error // why not
}

// world is what is known of a process without a GIL, of the program that it
// runs now or of one before.
type world struct {
	id           uint64
	now, done    bpf.World
	stoppersNow  map[int]bpf.StopperCount // by TID, as the process numbers it
	stoppersDone map[int]bpf.StopperCount // by TID, as pytop does
	interpreters map[uint64]bool          // that the programs know
	names        map[int]int              // stoppers' TIDs as pytop numbers them, also of ended ones
	began        uint64                   // when probes were put in, by the kernel's clock; 0: they are not
	measured     time.Duration            // of times before
	resting      bool                     // probes cost too much: out for a while
	rested       time.Time                // since when
	rests        int
}

// parkOffsetsOf tells the programs where a build keeps what they read.
func parkOffsetsOf(py *cpython.Python) bpf.ParkOffsets {
	o := py.Offsets
	return bpf.ParkOffsets{ThreadInterp: o.Thread.Interp, ThreadState: o.Thread.State, ThreadNativeId: o.Thread.NativeThreadID, InterpSize: o.Interpreter.Size}
}

// loadParking finds where a build's threads wait, loads the programs that
// follow that, and measures what they cost.
func (t *table) loadParking(b *build) error {
	if err := t.load(b); err != nil { // it may run with its GIL in another process; and notes the end of threads
		return err
	}
	if b.parking != nil {
		return b.parking.err
	}
	b.parking = &parking{}
	b.parking.err = b.parking.load(t, b)
	return b.parking.err
}

func (k *parking) load(t *table, b *build) error {
	e, err := elf.Of(b.File)
	if err != nil {
		return fmt.Errorf("open %s: %w", b.Name, err)
	}
	k.sites, err = site.FindParking(e)
	if err = errors.Join(err, e.Close()); err != nil {
		return fmt.Errorf("it runs free-threaded, and where its threads wait was not found: %w", err)
	}
	if k.programs, err = bpf.LoadPark(t.Maps, parkOffsetsOf(b.Python), t.Machine.PIDs, b.gil.Multi); err != nil {
		return err
	}
	if k.price, err = t.calibrateParking(k.programs); err != nil {
		err = errors.Join(err, k.programs.Close())
		k.programs = nil
	}
	return err
}

func (k *parking) close() error {
	if k == nil || k.programs == nil {
		return nil
	}
	return k.programs.Close()
}

// followWorld begins to follow the waits of a process without a GIL.
func (t *table) followWorld(g *followed) error {
	if err := t.loadParking(g.build()); err != nil {
		return err
	}
	if t.count() >= t.room {
		return errNoRoom
	}
	if g.world == nil {
		t.lastID++
		g.world = &world{id: t.lastID, stoppersDone: map[int]bpf.StopperCount{}, names: map[int]int{}}
		g.worlds = append(g.worlds, g.world)
		t.noteBegun(g, "waits and pauses")
	}
	return t.linkWorld(g)
}

// linkWorld tells the programs the interpreters' addresses, then puts the
// probes in: what ends a wait first.
func (t *table) linkWorld(g *followed) (err error) {
	w := g.world
	if err := t.takeIndex(g); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.retireWorld(g), t.retire(g))
		}
	}()
	w.now, w.stoppersNow, w.interpreters = bpf.World{}, nil, map[uint64]bool{}
	g.attached, g.stopped, w.began = time.Time{}, 0, 0
	if err := t.Maps.Worlds.Put(&g.index, &w.now); err != nil {
		return fmt.Errorf("follow the waits of process %d: %w", g.Info.PID, err)
	}
	if err := t.findInterpreters(g); err != nil {
		return err
	}
	if g.links, err = g.build().parking.attach(t.Links, g.build(), g.Info.PID, g.index); err != nil {
		return err
	}
	g.attached, w.began = time.Now(), kernelmap.Now()
	g.judged = judged{at: g.attached}
	w.resting = false
	return nil
}

// attach attaches a build's programs to one process: what ends a wait first.
func (k *parking) attach(owner *attach.Owner, b *build, pid int, index uint32) ([]link.Link, error) {
	for _, sites := range [][]site.Site{k.sites.End, k.sites.Begin} {
		if err := site.ValidateSites(b.ELF, sites); err != nil {
			return nil, fmt.Errorf("check the calls in %s: %w", b.Name, err)
		}
	}
	a, err := owner.Open(b.Path(), b.Name, k.programs.Multi, pid)
	if err != nil {
		return nil, err
	}
	a.Cookie = func(site.Site) uint64 { return uint64(index) }
	return a.Put(attach.Probes{Program: k.programs.Unparked, Sites: k.sites.End}, attach.Probes{Program: k.programs.Parked, Sites: k.sites.Begin})
}

// findInterpreters brings the interpreters that the programs know up to date.
func (t *table) findInterpreters(g *followed) error {
	w := g.world
	list, err := g.memory.Interpreters()
	if err != nil {
		return nil // it ends, or changes: next time
	}
	seen := map[uint64]bool{}
	first := g.attached.IsZero()
	for _, i := range list {
		seen[i.Address] = true
		if w.interpreters[i.Address] {
			continue
		}
		g.late = g.late || !first // its pauses were taken for other waits
		key, role := bpf.GILCond{Process: uint64(g.index), Address: i.Address}, bpf.GILRole{Kind: bpf.GILInterpreter}
		if err := t.Maps.GilConds.Update(&key, &role, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("follow an interpreter: %w", err)
		}
		w.interpreters[i.Address] = true
	}
	for address := range w.interpreters {
		if !seen[address] {
			if err := t.forgetInterpreter(g, address); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *table) forgetInterpreter(g *followed, address uint64) error {
	delete(g.world.interpreters, address)
	key := bpf.GILCond{Process: uint64(g.index), Address: address}
	if err := t.Maps.GilConds.Delete(&key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return err
	}
	return nil
}

// keepWorld does for a process without a GIL what must be done often.
func (t *table) keepWorld(g *followed, apart time.Duration, mayLook bool) {
	w := g.world
	if g.links == nil {
		if mayLook && w.resting && !g.Braked && time.Since(w.rested) >= lookEvery {
			w.rested = time.Now()
			if t.linkWorld(g) == nil { // else it is tried again
				g.lookingSince = time.Now()
			}
		}
		return
	}
	if time.Since(g.found) >= apart-tick/2 {
		g.found = time.Now()
		if err := t.findInterpreters(g); err != nil {
			t.fail(g, err)
			return
		}
		if free, err := g.memory.Free(); err == nil && !free {
			t.unlinkBeside(g, func() { t.attachEither(g.Process) })
			return
		}
	}
	if g.lookingSince.IsZero() {
		t.judgeWorld(g)
	} else if time.Since(g.lookingSince) >= lookFor {
		t.decideWorld(g)
	}
}

// judgeWorld takes the probes out for a while when they cost too much.
func (t *table) judgeWorld(g *followed) {
	after := time.Second
	if g.judged.at.Equal(g.attached) {
		after = 4 * tick // the first time: it may be a storm
	}
	rate, _, ok := t.rate(g, after)
	if !ok || g.Forced || t.Budget <= 0 {
		return
	}
	if cost := g.price().PerSecond(rate); cost > mostGIL {
		g.status = collect.ProbeOff
		g.reason = fmt.Sprintf("probes took ~%.0f %% of a core when they were in last (%s waits begun or ended a second), the limit is %.0f %%; every %.0f s it is tried again",
			100*cost, words.Rate(rate), 100*mostGIL, lookEvery.Seconds())
		t.rest(g)
	}
}

// decideWorld lets the probes stay that were put in for a moment, or takes them
// out again.
func (t *table) decideWorld(g *followed) {
	if rate, _, _ := t.rate(g, 0); g.price().PerSecond(rate) > mostGIL/2 {
		t.rest(g)
		return
	}
	g.status, g.reason, g.lookingSince = collect.ProbeOn, "", time.Time{}
}

// rest takes the probes out for a while.
func (t *table) rest(g *followed) {
	t.unlinkBeside(g, func() {
		w := g.world
		w.resting, w.rested, w.rests = true, time.Now(), w.rests+1
	})
}
