package live

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"pytop/bpf"
	"pytop/collect/live/price"
)

// linkShare is what one more link at the same place adds to a hit, as a share
// of what a hit takes with one: the kernel asks each whether it is meant.
// Measured (docs/gil.md): 29 ns of 446.
const linkShare = 0.065

// gilPrice is what a hit takes from a process, beside all others that are
// followed at the same libc; of a process without a GIL, what a wait's does.
func (p *process) gilPrice() price.Hit {
	if p.gil.world != nil && p.build.parking != nil {
		return p.build.parking.price
	}
	hit := p.build.gilPrice
	if c := p.gil.conditions; c != nil && c.followed > 1 {
		hit += price.Hit(float64(hit) * linkShare * float64(c.followed-1))
	}
	return hit
}

// gilStage is memory like a GIL's: see stage, whose lock guards it.
var gilStage [512]byte

// calibrateGIL measures on pytop's own process what a take and a drop take
// from a process.
func (s *Source) calibrateGIL(programs *bpf.GILPrograms) (price.Hit, error) {
	return price.OnStage(s.beside, func() (price.Hit, link.Link, error) { return s.passTakes(programs) })
}

// passTakes measures a price, and returns what is still attached to pytop itself.
func (s *Source) passTakes(programs *bpf.GILPrograms) (hit price.Hit, attached link.Link, err error) {
	const cond, switchCond = 32, 120 // any will do
	t := s.gil
	if len(t.freeProcesses) == 0 || len(t.freeStates) == 0 {
		return hit, nil, errNoRoom
	}
	process, state := t.freeProcesses[0], t.freeStates[0] // no other is given out meanwhile
	at := uint64(uintptr(unsafe.Pointer(&gilStage)))
	err = errors.Join(
		s.maps.GilStates.Put(&state, &bpf.GILState{Used: 1, Address: at, Attached: monotonic()}),
		s.maps.GilProcesses.Put(&process, &bpf.GILProcess{Cond: at + cond, SwitchCond: at + switchCond, Gil: state, Pid: uint32(os.Getpid())}))
	if err != nil {
		return hit, nil, fmt.Errorf("calibrate: %w", err)
	}
	if attached, err = price.AttachToSelf(programs.Signalled, programs.Multi, price.SignalsJump, uint64(process)); err != nil {
		return hit, nil, err
	}
	hit = price.Hit(price.Least(func() { price.PassSignals(price.Hits, uintptr(at+switchCond), uintptr(at+cond)) }))
	var counted bpf.GILState
	err = errors.Join(s.maps.GilStates.Lookup(&state, &counted), s.forgetOwnThread(),
		s.maps.GilStates.Put(&state, &bpf.GILState{}), s.maps.GilProcesses.Put(&process, &bpf.GILProcess{}))
	if want := uint64(price.Rounds * price.Hits / 2); err == nil && (counted.Takes != want || counted.Drops != want) {
		err = fmt.Errorf("calibrate: %w: %d takes and %d drops of %d", price.ErrMiscounted, counted.Takes, counted.Drops, want)
	}
	return hit, attached, err
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
