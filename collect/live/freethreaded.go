package live

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
	"pytop/collect/live/price"
	"pytop/collect/site"
)

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
func (s *Source) loadParking(b *build) error {
	if err := s.loadGIL(b); err != nil { // it may run with its GIL in another process; and notes the end of threads
		return err
	}
	if b.parking != nil {
		return b.parking.err
	}
	b.parking = &parking{}
	b.parking.err = b.parking.load(s, b)
	return b.parking.err
}

func (k *parking) load(s *Source, b *build) error {
	e, err := elf.Open(b.path())
	if err != nil {
		return fmt.Errorf("open %s: %w", b.name, err)
	}
	k.sites, err = site.FindParking(e)
	if err = errors.Join(err, e.Close()); err != nil {
		return fmt.Errorf("it runs free-threaded, and where its threads wait was not found: %w", err)
	}
	if k.programs, err = bpf.LoadPark(s.maps, parkOffsetsOf(b.python), s.ns, b.gil.Multi); err != nil {
		return err
	}
	if k.price, err = s.calibrateParking(k.programs); err != nil {
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
func (s *Source) followWorld(p *process) error {
	if err := s.loadParking(p.build); err != nil {
		return err
	}
	g := p.gil
	if s.followedGILs() >= s.gil.room {
		return errNoRoom
	}
	if g.world == nil {
		s.gil.lastID++
		g.world = &world{id: s.gil.lastID, stoppersDone: map[int]bpf.StopperCount{}, names: map[int]int{}}
		g.worlds = append(g.worlds, g.world)
	}
	return s.linkWorld(p)
}

// linkWorld tells the programs the interpreters' addresses, then puts the
// probes in: what ends a wait first.
func (s *Source) linkWorld(p *process) (err error) {
	g, w := p.gil, p.gil.world
	if err := s.takeIndex(p); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.retireWorld(p), s.retireGIL(p))
		}
	}()
	w.now, w.stoppersNow, w.interpreters = bpf.World{}, nil, map[uint64]bool{}
	g.attached, g.stopped, w.began = time.Time{}, 0, 0
	if err := s.maps.Worlds.Put(&g.index, &w.now); err != nil {
		return fmt.Errorf("follow the waits of process %d: %w", p.info.PID, err)
	}
	if err := s.findInterpreters(p); err != nil {
		return err
	}
	if g.links, err = p.build.parking.attach(p.build, p.info.PID, g.index); err != nil {
		return err
	}
	g.attached, w.began = time.Now(), monotonic()
	g.judged = judged{at: g.attached}
	w.resting = false
	return nil
}

// attach attaches a build's programs to one process: what ends a wait first.
func (k *parking) attach(b *build, pid int, index uint32) ([]link.Link, error) {
	for _, sites := range [][]site.Site{k.sites.End, k.sites.Begin} {
		if err := site.ValidateSites(b.elf, sites); err != nil {
			return nil, fmt.Errorf("check the calls in %s: %w", b.name, err)
		}
	}
	a, err := attach.Open(b.path(), b.name, k.programs.Multi, pid)
	if err != nil {
		return nil, err
	}
	a.Cookie = func(site.Site) uint64 { return uint64(index) }
	return a.Put(attach.Probes{Program: k.programs.Unparked, Sites: k.sites.End}, attach.Probes{Program: k.programs.Parked, Sites: k.sites.Begin})
}

// findInterpreters brings the interpreters that the programs know up to date.
func (s *Source) findInterpreters(p *process) error {
	g, w := p.gil, p.gil.world
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
		if err := s.maps.GilConds.Update(&key, &role, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("follow an interpreter: %w", err)
		}
		w.interpreters[i.Address] = true
	}
	for address := range w.interpreters {
		if !seen[address] {
			if err := s.forgetInterpreter(g, address); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Source) forgetInterpreter(g *gilProcess, address uint64) error {
	delete(g.world.interpreters, address)
	key := bpf.GILCond{Process: uint64(g.index), Address: address}
	if err := s.maps.GilConds.Delete(&key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return err
	}
	return nil
}

// keepWorld does for a process without a GIL what must be done often.
func (s *Source) keepWorld(p *process, apart time.Duration, mayLook bool) {
	g, w := p.gil, p.gil.world
	if g.links == nil {
		if mayLook && w.resting && !p.braked && time.Since(w.rested) >= lookEvery {
			w.rested = time.Now()
			if s.linkWorld(p) == nil { // else it is tried again
				g.lookingSince = time.Now()
			}
		}
		return
	}
	if time.Since(g.found) >= apart-gilTick/2 {
		g.found = time.Now()
		if err := s.findInterpreters(p); err != nil {
			s.failGIL(p, err)
			return
		}
		if free, err := g.free(); err == nil && !free {
			s.unlinkBeside(p, func() { s.attachGIL(p) })
			return
		}
	}
	if g.lookingSince.IsZero() {
		s.judgeWorld(p)
	} else if time.Since(g.lookingSince) >= lookFor {
		s.decideWorld(p)
	}
}

// judgeWorld takes the probes out for a while when they cost too much.
func (s *Source) judgeWorld(p *process) {
	g := p.gil
	after := time.Second
	if g.judged.at.Equal(g.attached) {
		after = 4 * gilTick // the first time: it may be a storm
	}
	rate, _, ok := s.rate(p, after)
	if !ok || p.forced || s.options.Budget <= 0 {
		return
	}
	if cost := p.gilPrice().PerSecond(rate); cost > mostGIL {
		g.status = collect.ProbeOff
		g.reason = fmt.Sprintf("probes took ~%.0f %% of a core when they were in last (%s waits begun or ended a second), the limit is %.0f %%; every %.0f s it is tried again",
			100*cost, rounded(rate), 100*mostGIL, lookEvery.Seconds())
		s.rest(p)
	}
}

// decideWorld lets the probes stay that were put in for a moment, or takes them
// out again.
func (s *Source) decideWorld(p *process) {
	g := p.gil
	if rate, _, _ := s.rate(p, 0); p.gilPrice().PerSecond(rate) > mostGIL/2 {
		s.rest(p)
		return
	}
	g.status, g.reason, g.lookingSince = collect.ProbeOn, "", time.Time{}
}

// rest takes the probes out for a while.
func (s *Source) rest(p *process) {
	s.unlinkBeside(p, func() {
		w := p.gil.world
		w.resting, w.rested, w.rests = true, time.Now(), w.rests+1
	})
}
