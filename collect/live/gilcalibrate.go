package live

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"pytop/bpf"
)

// gilPrice is what following the GIL takes in a loop of nothing else, as
// calibrateGIL measured it.
type gilPrice struct {
	hit time.Duration // a take or a drop: a hold includes about one
}

// linkShare is what one more link at the same place adds to a hit, as a share
// of what a hit takes with one: the kernel asks each whether it is meant.
// Measured (docs/gil.md): 29 ns of 446.
const linkShare = 0.065

// gilPrice is what a hit takes from a process, beside all others that are
// followed at the same libc; of a process without a GIL, what a wait's does.
func (p *process) gilPrice() gilPrice {
	if p.gil.world != nil && p.build.parking != nil {
		return p.build.parking.price
	}
	price := p.build.gilPrice
	if c := p.gil.conditions; c != nil && c.followed > 1 {
		price.hit += time.Duration(float64(price.hit) * linkShare * float64(c.followed-1))
	}
	return price
}

// ofHits is what so many hits take at the least: see tax.
func (p gilPrice) ofHits(n uint64) time.Duration { return time.Duration(n) * p.hit }

// perSecond is the share of one core that so many hits a second take in real
// code, by the rule of tax.
func (p gilPrice) perSecond(rate float64) float64 {
	return tax(time.Duration(rate*float64(p.hit)), time.Second).Seconds()
}

// gilStage is memory like a GIL's: see stage, whose lock guards it.
var gilStage [512]byte

// calibrateGIL measures on pytop's own process what a take and a drop take
// from a process.
func (s *Source) calibrateGIL(programs *bpf.GILPrograms) (gilPrice, error) {
	return onStage(s, func() (gilPrice, link.Link, error) { return s.passTakes(programs) })
}

// passTakes measures a price, and returns what is still attached to pytop itself.
func (s *Source) passTakes(programs *bpf.GILPrograms) (price gilPrice, attached link.Link, err error) {
	const cond, switchCond = 32, 120 // any will do
	t := s.gil
	if len(t.freeProcesses) == 0 || len(t.freeStates) == 0 {
		return price, nil, errNoRoom
	}
	process, state := t.freeProcesses[0], t.freeStates[0] // no other is given out meanwhile
	at := uint64(uintptr(unsafe.Pointer(&gilStage)))
	err = errors.Join(
		s.maps.GilStates.Put(&state, &bpf.GILState{Used: 1, Address: at, Attached: monotonic()}),
		s.maps.GilProcesses.Put(&process, &bpf.GILProcess{Cond: at + cond, SwitchCond: at + switchCond, Gil: state, Pid: uint32(os.Getpid())}))
	if err != nil {
		return price, nil, fmt.Errorf("calibrate: %w", err)
	}
	if attached, err = attachToSelf(programs.Signalled, programs.Multi, passSignalsJump, uint64(process)); err != nil {
		return price, nil, err
	}
	price.hit = leastTime(func() { passSignals(calibrationHits, uintptr(at+switchCond), uintptr(at+cond)) })
	var counted bpf.GILState
	err = errors.Join(s.maps.GilStates.Lookup(&state, &counted), s.forgetOwnThread(),
		s.maps.GilStates.Put(&state, &bpf.GILState{}), s.maps.GilProcesses.Put(&process, &bpf.GILProcess{}))
	if want := uint64(calibrationRounds * calibrationHits / 2); err == nil && (counted.Takes != want || counted.Drops != want) {
		err = fmt.Errorf("calibrate: %w: %d takes and %d drops of %d", errMiscounted, counted.Takes, counted.Drops, want)
	}
	return price, attached, err
}

// forgetOwnThread gives back the slot of pytop's own thread.
func (s *Source) forgetOwnThread() error {
	var slots []uint32
	var b threadBuffer
	for slot := range s.maps.GilThreads.MaxEntries() {
		if head, err := b.head(s.gil.threads, slot); err != nil {
			return err
		} else if head.Id != 0 && int(head.Tid) == unix.Gettid() {
			slots = append(slots, slot)
		}
	}
	var errs []error
	for _, slot := range slots {
		errs = append(errs, s.freeSlot(slot))
	}
	return errors.Join(errs...)
}
