package live

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/attach"
	"pytop/collect/native"
	"pytop/collect/site"
	"pytop/collect/stack"
)

// gilTable is what a source knows of all GILs and of the threads that used
// them. The kernel's slots are given out and cleared here.
type gilTable struct {
	processes, states, threads *ebpf.Memory
	freeProcesses, freeStates  []uint32
	exit                       link.Link // notes the end of threads
	slots                      map[uint64]*gilThread
	byTID                      map[threadName]*gilThread // those that live
	all                        []*gilThread
	stacks                     map[uint64]blamedStack
	lastID, lastSeed           uint64
	room                       int          // mostFollowed; less in tests
	lights                     atomic.Int32 // processes whose fields are read instead
	noticed                    time.Time    // when it was last looked for processes that came
	polled                     time.Time    // when threads were read last
}

type threadName struct{ pid, tid int }

// gilProcess is a process whose GIL is followed, or is to be.
type gilProcess struct {
	memory       *stack.Process
	conditions   *conditions
	calls        *conditions // nil: probes are, or would be, where conditions says
	leaving      []link.Link // of before, while probes change over: see settle
	left         *closing    // these are being closed; nil: they are not
	changed      time.Time   // when they began to
	stays        string      // why not at calls, where they should be; empty: they need not
	back         string      // why no longer at calls, and what that lost; empty: it did not happen
	disagreed    uint64      // disagreements when they changed over to calls
	index        uint32      // in gil_processes
	links        []link.Link
	attached     time.Time
	stopped      uint64       // by the kernel's clock: when its probes began to be taken out; 0: they are in
	gils         []*gilObject // all that there were
	status       collect.ProbeStatus
	reason       string // why status is not on
	spent        uint64 // hits, of detached times too
	now          bpf.GILProcess
	done         bpf.GILProcess // of detached times
	light        *light         // nil: followed by probes
	lightSince   time.Time
	judged       judged
	lookingSince time.Time // probes look whether they can stay; zero: they do not
	closing      *closing  // its links are being closed; nil: they are not
	early        bool      // what it needs is not loaded yet
	waiting      bool      // there was no room: see mostFollowed
	since        string    // from when on it is followed; empty: from ready on
	found        time.Time // when its interpreters were listed last
	looked       lookedAt
	unsettled    int         // threads that were not seen to end, as of the last poll
	lingered     int         // readings since its end
	late         bool        // GILs were found after pytop came: what was before is not counted
	started      bool        // a GIL was found at some time
	inner        map[int]int // TIDs of its own PID namespace; nil: they are ours
	innerRead    bool
	symbols      *native.Symbols // nil: nothing was named yet
	world        *world          // nil: it has a GIL
	worlds       []*world        // of programs that it ran before, too
}

// gilObject is one GIL.
type gilObject struct {
	id               uint64 // 0: never followed
	address          uint64
	cond, switchCond uint64
	interpreter      int64 // the lowest ID of those that use it
	shared           bool  // more than one uses it
	gone             bool  // its interpreter has ended
	index            uint32
	active           bool          // index is in use: probes follow it
	measured         time.Duration // of times before
	now, done        bpf.GILState
	pairs, pairsNow  map[pair]pairCount
	blame, blameNow  map[blamed]blameCount
	base             uint64 // if based: see offset, as of when probes changed over
	based            bool
	loose            bool // its switch_number moves also without a switch: thread states change
	seedHolder       int  // TID of who held it when pytop came; 0: nobody, or not known
	atLeast          bool // it was held when pytop came
	light            lightCounts
	long             []collect.LongHold
	longSince        uint64 // when the last of them began
	looks            holdLooks
	waits            []keptWait
}

// startGrace is how long a command that was just started may take to load libc.
const startGrace = 5 * time.Second

func (s *Source) followGIL(p *process) error {
	g := p.gil
	if err := s.openGIL(); err != nil {
		return err
	}
	if p.codeType == 0 { // the programs have registered it
		if b, at, err := s.find(p.info.PID); err == nil && b == p.build {
			p.codeType = at
		}
	}
	if p.codeType == 0 {
		return errors.New("where its file is mapped is not known")
	}
	g.memory = stack.New(p.info.PID, p.build.python, p.codeType-p.build.python.CodeType)
	switch free, err := g.free(); {
	case err != nil:
		return err
	case free:
		return s.followWorld(p)
	case p.build.python.Traits.FreeThreaded: // it was on, or switched on, before it was seen
		g.late = g.late || g.early || g.world != nil
	}
	g.world = nil
	if err := s.loadGIL(p.build); err != nil {
		return err
	}
	var err error
	g.calls, g.stays = nil, ""
	if g.conditions, err = s.conditionsOf(p.info.PID); err != nil {
		return err
	}
	if s.followedGILs() >= s.gil.room {
		return errNoRoom
	}
	if err := s.linkGIL(p); err != nil || !s.options.atCalls {
		return err
	}
	return s.changeOver(p, 0)
}

// errNotStarted: an interpreter says whether there is a GIL.
var errNotStarted = errors.New("no interpreter runs in it yet")

// free tells whether there is no GIL: it is a free-threaded build, and does not
// run with a GIL all the same, from its start on or since it loaded what needs that.
func (g *gilProcess) free() (bool, error) {
	if !g.memory.Python.Traits.FreeThreaded {
		return false, nil
	}
	list, err := g.memory.Interpreters()
	if err == nil && len(list) == 0 {
		err = errNotStarted
	}
	if err != nil {
		return false, err
	}
	for _, i := range list {
		gil, err := g.memory.GIL(i.GIL)
		if err != nil || gil.Enabled {
			return false, err
		}
	}
	return true, nil
}

// linkGIL puts the probes in, then tells them the GILs' addresses.
func (s *Source) linkGIL(p *process) (err error) {
	g := p.gil
	if err := s.takeIndex(p); err != nil {
		return err
	}
	at := g.probed()
	if g.links, err = attachConditions(at, p.build.gil, p.info.PID, g.index); err != nil {
		return errors.Join(err, s.freeIndex(g))
	}
	at.followed++
	g.attached, g.stopped = time.Now(), 0
	g.judged = judged{at: g.attached}
	if err = s.findGILs(p); err != nil {
		return errors.Join(err, s.unlinkGILs(p))
	}
	if g.calls != nil {
		s.trust(g)
	}
	return nil
}

// takeIndex gives a process its index in the maps.
func (s *Source) takeIndex(p *process) error {
	g, t := p.gil, s.gil
	if len(t.freeProcesses) == 0 {
		return errors.New("too many processes")
	}
	index := t.freeProcesses[len(t.freeProcesses)-1]
	t.freeProcesses = t.freeProcesses[:len(t.freeProcesses)-1]
	g.index, g.now = index, bpf.GILProcess{Pid: uint32(p.info.PID)}
	if err := s.maps.GilProcesses.Put(&index, &g.now); err != nil {
		return errors.Join(fmt.Errorf("follow the GIL of process %d: %w", p.info.PID, err), s.freeIndex(g))
	}
	return nil
}

// freeIndex makes the index of a process in which there is no probe another's.
func (s *Source) freeIndex(g *gilProcess) error {
	g.now = bpf.GILProcess{}
	s.gil.freeProcesses = append(s.gil.freeProcesses, g.index)
	return s.maps.GilProcesses.Put(&g.index, &g.now)
}

// attachConditions attaches a build's programs to a process where it meets
// condition variables.
func attachConditions(c *conditions, programs *bpf.GILPrograms, pid int, index uint32) ([]link.Link, error) {
	for _, sites := range [][]site.Site{c.timedwait, c.wait, c.signal} {
		if err := site.ValidateSites(c.elf, sites); err != nil {
			return nil, fmt.Errorf("check the sites in %s: %w", c.name, err)
		}
	}
	a, err := attach.Open(c.path(), c.name, programs.Multi, pid)
	if err != nil {
		return nil, err
	}
	a.Cookie = func(s site.Site) uint64 { return c.cookie(s, index) }
	return a.Put(attach.Probes{Program: programs.Waited, Sites: c.timedwait}, attach.Probes{Program: programs.Forced, Sites: c.wait}, attach.Probes{Program: programs.Signalled, Sites: c.signal})
}

// stop stops its clock: its process has ended.
func (g *gilProcess) stop() {
	if g != nil && g.links != nil && g.stopped == 0 {
		g.stopped = monotonic()
	}
}

// clock is the kernel's, up to when probes were taken out: what went on then
// is known until then.
func (g *gilProcess) clock() uint64 {
	if g.stopped != 0 {
		return g.stopped
	}
	return monotonic()
}

// monotonic is the clock of bpf_ktime_get_ns.
func monotonic() uint64 {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return 0
	}
	return uint64(now.Nano())
}
