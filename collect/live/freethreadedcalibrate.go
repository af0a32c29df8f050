package live

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
func (s *Source) calibrateParking(programs *bpf.ParkPrograms) (price.Hit, error) {
	return price.OnStage(s.beside, func() (price.Hit, link.Link, error) { return s.passParks(programs) })
}

// passParks measures a price, and returns what is still attached to pytop itself.
func (s *Source) passParks(programs *bpf.ParkPrograms) (hit price.Hit, attached link.Link, err error) {
	const semaphore, mutex = 64, 128 // any will do
	t := s.gil
	if len(t.freeProcesses) == 0 {
		return hit, nil, errNoRoom
	}
	process := t.freeProcesses[0] // no other is given out meanwhile
	at := uint64(uintptr(unsafe.Pointer(&gilStage)))
	clear(gilStage[:])
	binary.NativeEndian.PutUint64(gilStage[semaphore-16:], at)
	binary.NativeEndian.PutUint64(gilStage[semaphore-8:], at+mutex)
	gilStage[mutex] = 3 // as the programs know a mutex by
	err = errors.Join(s.maps.Worlds.Put(&process, &bpf.World{}), s.maps.GilProcesses.Put(&process, &bpf.GILProcess{Pid: uint32(os.Getpid())}))
	if err != nil {
		return hit, nil, fmt.Errorf("calibrate: %w", err)
	}
	if attached, err = price.AttachToSelf(programs.Parked, programs.Multi, price.SignalsJump, uint64(process)); err != nil {
		return hit, nil, err
	}
	hit = price.Hit(price.Least(func() { price.PassSignals(price.Hits, uintptr(at+semaphore), uintptr(at+semaphore)) }))
	var counted bpf.GILProcess
	err = errors.Join(s.maps.GilProcesses.Lookup(&process, &counted), s.forgetOwnThread(),
		s.maps.Worlds.Put(&process, &bpf.World{}), s.maps.GilProcesses.Put(&process, &bpf.GILProcess{}))
	if want := uint64(price.Rounds * price.Hits); err == nil && (counted.Other != want || counted.Lost != 0) {
		err = fmt.Errorf("calibrate: %w: %d waits of %d, %d lost", price.ErrMiscounted, counted.Other, want, counted.Lost)
	}
	return hit, attached, err
}
