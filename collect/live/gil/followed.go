package gil

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/attach"
	"pytop/collect/live/inspect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/target"
	"pytop/collect/native"
	"pytop/collect/site"
)

type threadName struct{ pid, tid int }

// followed is a process whose GIL is followed, or is to be.
type followed struct {
	*target.Process
	table  *table
	memory *inspect.Memory
	attachment
	standing
	gils         []*object // all that there were
	spent        uint64    // hits, of detached times too
	paid         uint64    // those of which the cost was told
	now          bpf.GILProcess
	done         bpf.GILProcess // of detached times
	sampler      *sampler       // nil: followed by probes
	sampledSince time.Time
	judged       judged
	lookingSince time.Time // probes look whether they can stay; zero: they do not
	found        time.Time // when its interpreters were listed last
	looked       lookedAt
	unsettled    int             // threads that were not seen to end, as of the last poll
	lingered     int             // readings since its end
	symbols      *native.Symbols // nil: nothing was named yet
	world        *world          // nil: it has a GIL
	worlds       []*world        // of programs that it ran before, too
}

// attachment is where a process's probes are, and how they go in and out.
type attachment struct {
	conditions *conditions
	calls      *conditions // nil: probes are, or would be, where conditions says
	leaving    []link.Link // of before, while probes change over: see settle
	left       *closing    // these are being closed; nil: they are not
	changed    time.Time   // when they began to
	disagreed  uint64      // disagreements when they changed over to calls
	index      uint32      // in gil_processes
	links      []link.Link
	attached   time.Time
	stopped    uint64   // by the kernel's clock: when its probes began to be taken out; 0: they are in
	closing    *closing // its links are being closed; nil: they are not
}

// standing is how well a process is followed, and why not better.
type standing struct {
	status  collect.ProbeStatus
	reason  string    // why status is not on
	stays   string    // why not at calls, where they should be; empty: they need not
	back    string    // why no longer at calls, and what that lost; empty: it did not happen
	since   string    // from when on it is followed; empty: from ready on
	early   bool      // what it needs is not loaded yet
	waiting bool      // there was no room: see mostFollowed
	late    bool      // GILs were found after pytop came: what was before is not counted
	begun   string    // from when on a program is followed that began under pytop; empty: it ran before
	begunAt time.Time // the instant that begun names
	started bool      // a GIL was found at some time
	renewed bool      // it runs another program than when it was followed first
}

// object is one GIL.
type object struct {
	id               uint64 // 0: never followed
	address          uint64
	cond, switchCond uint64
	interpreter      int64 // the lowest ID of those that use it
	shared           bool  // more than one uses it
	ended            bool  // its interpreter has
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
	sampledBy        sampledCounts
	long             []collect.LongHold
	longSince        uint64 // when the last of them began
	looks            holdLooks
	waits            []keptWait
}

// startGrace is how long a command that was just started may take to load libc.
const startGrace = 5 * time.Second

// look begins to read a process's memory, and tells whether it has no GIL.
func (t *table) look(g *followed) (free bool, err error) {
	if err := t.open(); err != nil {
		return false, err
	}
	if g.CodeType == 0 { // the programs have registered it
		if b, at, err := t.Targets.Find(g.Info.PID); err == nil && b == g.Build {
			g.CodeType = at
		}
	}
	if g.CodeType == 0 {
		return false, errors.New("where its file is mapped is not known")
	}
	g.memory = inspect.NewMemory(g.Info.PID, g.Build.Python, g.CodeType)
	return g.memory.Free()
}

// follow begins to follow the GIL of a process that has one.
func (t *table) follow(g *followed) (err error) {
	if g.Build.Python.Traits.FreeThreaded { // it was on, or switched on, before it was seen
		g.late = g.late || g.early || g.world != nil
	}
	g.world = nil
	if err := t.load(g.build()); err != nil {
		return err
	}
	g.calls, g.stays = nil, ""
	if g.conditions, err = t.conditionsOf(g.Info.PID); err != nil {
		return err
	}
	if t.count() >= t.room {
		return errNoRoom
	}
	if err := t.linkGIL(g); err != nil || !t.Tests.AtCalls {
		return err
	}
	return t.changeOver(g, 0)
}

// build is what there is for the file that it runs.
func (g *followed) build() *build { return g.table.build(g.Build) }

// linkGIL puts the probes in, then tells them the GILs' addresses.
func (t *table) linkGIL(g *followed) (err error) {
	if err := t.takeIndex(g); err != nil {
		return err
	}
	at := g.probed()
	if g.links, err = t.attachConditions(at, g.build().gil, g.Info.PID, g.index); err != nil {
		return errors.Join(err, t.freeIndex(g))
	}
	at.followed++
	g.attached, g.stopped = time.Now(), 0
	g.judged = judged{at: g.attached}
	if err = t.find(g); err != nil {
		return errors.Join(err, t.unlink(g))
	}
	if g.calls != nil {
		t.trust(g)
	}
	return nil
}

// takeIndex gives a process its index in the maps.
func (t *table) takeIndex(g *followed) error {
	if len(t.freeProcesses) == 0 {
		return errors.New("too many processes")
	}
	index := t.freeProcesses[len(t.freeProcesses)-1]
	t.freeProcesses = t.freeProcesses[:len(t.freeProcesses)-1]
	g.index, g.now = index, bpf.GILProcess{Pid: uint32(g.Info.PID)}
	if err := t.Maps.GilProcesses.Put(&index, &g.now); err != nil {
		return errors.Join(fmt.Errorf("follow the GIL of process %d: %w", g.Info.PID, err), t.freeIndex(g))
	}
	return nil
}

// freeIndex makes the index of a process in which there is no probe another's.
func (t *table) freeIndex(g *followed) error {
	g.now = bpf.GILProcess{}
	t.freeProcesses = append(t.freeProcesses, g.index)
	return t.Maps.GilProcesses.Put(&g.index, &g.now)
}

// attachConditions attaches a build's programs to a process where it meets
// condition variables.
func (t *table) attachConditions(c *conditions, programs *bpf.GILPrograms, pid int, index uint32) ([]link.Link, error) {
	for _, sites := range [][]site.Site{c.timedwait, c.wait, c.signal} {
		if err := site.ValidateSites(c.elf, sites); err != nil {
			return nil, fmt.Errorf("check the sites in %s: %w", c.name, err)
		}
	}
	a, err := t.Links.Open(c.path(), c.name, programs.Multi, pid)
	if err != nil {
		return nil, err
	}
	a.Cookie = func(s site.Site) uint64 { return c.cookie(s, index) }
	return a.Put(attach.Probes{Program: programs.Waited, Sites: c.timedwait}, attach.Probes{Program: programs.Forced, Sites: c.wait}, attach.Probes{Program: programs.Signalled, Sites: c.signal})
}

// stop stops its clock: its process has ended.
func (g *followed) stop() {
	if g != nil && g.links != nil && g.stopped == 0 {
		g.stopped = kernelmap.Now()
	}
}

// clock is the kernel's, up to when probes were taken out: what went on then
// is known until then.
func (g *followed) clock() uint64 {
	if g.stopped != 0 {
		return g.stopped
	}
	return kernelmap.Now()
}
