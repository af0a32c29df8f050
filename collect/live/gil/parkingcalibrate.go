package gil

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect/live/price"
)

// calibrateParking measures on pytop's own process what the beginning of a
// wait takes; its end reads less.
func (t *table) calibrateParking(programs *bpf.ParkPrograms) (price.Hit, error) {
	return price.OnStage(t.Beside, func() (price.Hit, link.Link, error) { return t.measureParks(programs) })
}

// measureParks measures a price, and returns what is still attached to pytop itself.
func (t *table) measureParks(programs *bpf.ParkPrograms) (hit price.Hit, attached link.Link, err error) {
	const semaphore, mutex = 64, 128 // any will do
	if len(t.freeProcesses) == 0 {
		return hit, nil, errNoRoom
	}
	process := t.freeProcesses[0] // no other is given out meanwhile
	at := uint64(uintptr(unsafe.Pointer(&stage)))
	clear(stage[:])
	binary.NativeEndian.PutUint64(stage[semaphore-16:], at)
	binary.NativeEndian.PutUint64(stage[semaphore-8:], at+mutex)
	stage[mutex] = 3 // as the programs know a mutex by
	err = errors.Join(t.Maps.Worlds.Put(&process, &bpf.World{}), t.Maps.GilProcesses.Put(&process, &bpf.GILProcess{Pid: uint32(os.Getpid())}))
	if err != nil {
		return hit, nil, fmt.Errorf("calibrate: %w", err)
	}
	if attached, err = price.AttachToSelf(programs.Parked, programs.Multi, price.SignalsJump, uint64(process)); err != nil {
		return hit, nil, err
	}
	hit = price.Hit(price.Least(func() { price.HitSignals(price.Hits, uintptr(at+semaphore), uintptr(at+semaphore)) }))
	var counted bpf.GILProcess
	err = errors.Join(t.Maps.GilProcesses.Lookup(&process, &counted), t.forgetOwnThread(),
		t.Maps.Worlds.Put(&process, &bpf.World{}), t.Maps.GilProcesses.Put(&process, &bpf.GILProcess{}))
	if want := uint64(price.Rounds * price.Hits); err == nil && (counted.Other != want || counted.Lost != 0) {
		err = fmt.Errorf("calibrate: %w: %d waits of %d, %d lost", price.ErrMiscounted, counted.Other, want, counted.Lost)
	}
	return hit, attached, err
}
