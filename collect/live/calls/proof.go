package calls

import (
	"math/rand/v2"
	"slices"
	"time"

	"pytop/bpf"
	"pytop/collect/proc"
	"pytop/collect/stack"
)

// The proof on the live process: whatever found the sites, what is seen to
// start from outside must have been counted. The memory of some processes is
// looked at often, and a round later the counts of what was seen are compared
// with what they were at its beginning: see proofround.go.

const (
	// lookTick is how often is looked, on average.
	lookTick = 50 * time.Millisecond
	// proofRound is how long the same processes are looked at, at least.
	proofRound = 900 * time.Millisecond
	// mostProven is how many processes are looked at in one round, mostLooks
	// how many of their threads each time, besides who holds a GIL, and
	// mostHolders how many GILs of each: this is what it may cost.
	mostProven  = 4
	mostLooks   = 8
	mostHolders = 4
)

// proof is what was seen of one process in this round.
type proof struct {
	of      *links // what was attached then; nil: it takes no part in this round
	memory  *stack.Process
	states  []stack.State
	gils    []uint64             // addresses
	next    int                  // of states: whose turn it is
	frames  map[uint64]seen      // by address of the frame
	started map[uint64]*sighting // by address of the code object
	lost    uint64               // hits, as of the round's beginning
	doubts  map[uint64]doubtful  // of the round before
	cpu     time.Duration        // when it took part last
	image   proc.Image           // whose memory it is
}

// seen is what was seen at a frame's address.
type seen struct {
	code      uint64
	innermost int // how often
}

// sighting is a function that started in this round.
type sighting struct {
	name    objectName
	pushed  bool // by what its frame's memory was before; else only by its caller
	counted bool
}

// look looks at so many threads of a process in turn. Where it has more, it
// looks first at those that run, which is who holds a GIL.
func (f *proof) look(most int) {
	held := make([]int, 0, mostHolders)
	for _, gil := range f.gils {
		if len(f.states) <= most {
			break
		}
		now, err := f.memory.GIL(gil)
		if err != nil || !now.Locked {
			continue
		}
		at := slices.IndexFunc(f.states, func(s stack.State) bool { return s.Address == now.LastHolder })
		if at >= 0 {
			f.lookAt(f.states[at])
			held = append(held, at)
		}
	}
	for range min(most, len(f.states)) {
		f.next = (f.next + 1) % len(f.states)
		if !slices.Contains(held, f.next) { // two looks are to be at two moments
			f.lookAt(f.states[f.next])
		}
	}
}

func (f *proof) lookAt(state stack.State) {
	leaf, ok := f.memory.Leaf(state)
	if !ok {
		return
	}
	f.consider(state, leaf)
	before := f.frames[leaf.Address]
	f.frames[leaf.Address] = seen{leaf.Code, before.innermost + 1}
}

// consider notes the function of a frame if it is certain that it has started
// since the round began. There are two ways to know:
//   - Where the frame lies there was another function's frame in this round.
//   - The frame that called it was the innermost in this round, so this one was
//     on no stack then. Twice, since up to 3.12 a single look may be at what was
//     left of another moment. A C library that changes stacks (greenlet) can
//     bring back an old frame so: see switchesStacks.
//
// That the start has passed its site is told by the running instruction.
func (f *proof) consider(state stack.State, leaf stack.Leaf) {
	before, known := f.frames[leaf.Address]
	pushed := known && before.code != leaf.Code
	if !pushed && f.frames[leaf.Previous].innermost < 2 {
		return
	}
	have := f.started[leaf.Code]
	if have != nil && (have.pushed || !pushed) {
		return
	}
	body, err := f.memory.Body(leaf)
	if err != nil || !body.Has(leaf) {
		return
	}
	again, ok := f.memory.Leaf(state)
	if !ok || again.Address != leaf.Address || again.Previous != leaf.Previous || again.Code != leaf.Code || !body.Has(again) {
		return
	}
	places, err := f.memory.Places([]stack.Frame{leaf.Frame})
	if err != nil {
		return
	}
	f.started[leaf.Code] = &sighting{name: objectName{places[0].File, places[0].Function, places[0].First}, pushed: pushed}
}

// Round looks at what runs, at odd times, so as not to be in step with it.
func (c *Calls) Round() time.Duration {
	chosen := c.proving.chosen
	for _, p := range chosen {
		if p.Gone == "" && p.links != nil && p.links == p.proof.of {
			p.proof.look(mostLooks / len(chosen)) // at least one
		}
	}
	return lookTick/2 + rand.N(lookTick)
}

// begin lets a process take part in a round; false: its memory cannot be read.
func (p *process) begin(c *Calls) bool {
	f := &p.proof
	if f.memory == nil || f.of != p.links || f.image != p.Image {
		at := p.CodeType
		if at == 0 { // the kernel has registered it
			b, found, err := c.Targets.Find(p.Info.PID)
			if err != nil || b != p.Build {
				return false
			}
			at = found
		}
		if at == 0 {
			return false
		}
		f.memory = stack.New(p.Info.PID, p.Build.Python, at-p.Build.Python.CodeType)
	}
	var err error
	if f.states, err = f.memory.States(); err != nil {
		return false
	}
	f.gils = f.gils[:0]
	for _, state := range f.states {
		if state.GIL != 0 && len(f.gils) < mostHolders && !slices.Contains(f.gils, state.GIL) {
			f.gils = append(f.gils, state.GIL)
		}
	}
	f.of, f.image, f.lost = p.links, p.Image, p.hitsLost()
	f.frames, f.started = map[uint64]seen{}, map[uint64]*sighting{}
	return true
}

// hitsLost is how many hits were lost, which is said already.
func (p *process) hitsLost() (sum uint64) {
	for i, n := range p.State.Lost {
		if i != bpf.LostNames {
			sum += n
		}
	}
	return sum
}
