package gil

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"pytop/bpf"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/price"
)

// linkShare is what one more link at the same place adds to a hit, as a share
// of what a hit takes with one: the kernel asks each whether it is meant.
// Measured (docs/gil.md): 29 ns of 446.
const linkShare = 0.065

// price is what a hit takes from a process, beside all others that are
// followed at the same libc; of a process without a GIL, what a wait's does.
func (g *followed) price() price.Hit {
	if g.world != nil && g.build().parking != nil {
		return g.build().parking.price
	}
	hit := g.build().price
	if c := g.conditions; c != nil && c.followed > 1 {
		hit += price.Hit(float64(hit) * linkShare * float64(c.followed-1))
	}
	return hit
}

// stage is memory like a GIL's: who measures has it alone, see price.OnStage.
var stage [512]byte

// calibrate measures on pytop's own process what a take and a drop take
// from a process.
func (t *table) calibrate(programs *bpf.GILPrograms) (price.Hit, error) {
	return price.OnStage(t.Beside, func() (price.Hit, link.Link, error) { return t.measureAcquires(programs) })
}

// measureAcquires measures a price, and returns what is still attached to pytop itself.
func (t *table) measureAcquires(programs *bpf.GILPrograms) (hit price.Hit, attached link.Link, err error) {
	const cond, switchCond = 32, 120 // any will do
	if len(t.freeProcesses) == 0 || len(t.freeStates) == 0 {
		return hit, nil, errNoRoom
	}
	process, state := t.freeProcesses[0], t.freeStates[0] // no other is given out meanwhile
	at := uint64(uintptr(unsafe.Pointer(&stage)))
	err = errors.Join(
		t.Maps.GilStates.Put(&state, &bpf.GILState{Used: 1, Address: at, Attached: kernelmap.Now()}),
		t.Maps.GilProcesses.Put(&process, &bpf.GILProcess{Cond: at + cond, SwitchCond: at + switchCond, Gil: state, Pid: uint32(os.Getpid())}))
	if err != nil {
		return hit, nil, fmt.Errorf("calibrate: %w", err)
	}
	if attached, err = price.AttachToSelf(programs.Signalled, programs.Multi, price.SignalsJump, uint64(process)); err != nil {
		return hit, nil, err
	}
	hit = price.Hit(price.Least(func() { price.HitSignals(price.Hits, uintptr(at+switchCond), uintptr(at+cond)) }))
	var counted bpf.GILState
	err = errors.Join(t.Maps.GilStates.Lookup(&state, &counted), t.forgetOwnThread(),
		t.Maps.GilStates.Put(&state, &bpf.GILState{}), t.Maps.GilProcesses.Put(&process, &bpf.GILProcess{}))
	if want := uint64(price.Rounds * price.Hits / 2); err == nil && (counted.Takes != want || counted.Drops != want) {
		err = fmt.Errorf("calibrate: %w: %d takes and %d drops of %d", price.ErrMiscounted, counted.Takes, counted.Drops, want)
	}
	return hit, attached, err
}

// cost is the bare price of following a process since it was asked last.
func (g *followed) cost() time.Duration {
	hits := g.spent + g.hitsNow()
	cost := g.price().Of(kernelmap.Less(hits, g.paid))
	g.paid = hits
	return cost
}

// forgetOwnThread gives back the slot of pytop's own thread.
func (t *table) forgetOwnThread() error {
	var slots []uint32
	var b threadBuffer
	for slot := range t.Maps.GilThreads.MaxEntries() {
		if head, err := b.head(t.threads, slot); err != nil {
			return err
		} else if head.Id != 0 && int(head.Tid) == unix.Gettid() {
			slots = append(slots, slot)
		}
	}
	var errs []error
	for _, slot := range slots {
		errs = append(errs, t.freeSlot(slot))
	}
	return errors.Join(errs...)
}
