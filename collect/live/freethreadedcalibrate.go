package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"github.com/cilium/ebpf/link"

	"pytop/bpf"
)

// calibrateParking measures on pytop's own process what the beginning of a
// wait takes; its end reads less.
func (s *Source) calibrateParking(programs *bpf.ParkPrograms) (gilPrice, error) {
	return onStage(s, func() (gilPrice, link.Link, error) { return s.passParks(programs) })
}

// passParks measures a price, and returns what is still attached to pytop itself.
func (s *Source) passParks(programs *bpf.ParkPrograms) (price gilPrice, attached link.Link, err error) {
	const semaphore, mutex = 64, 128 // any will do
	t := s.gil
	if len(t.freeProcesses) == 0 {
		return price, nil, errNoRoom
	}
	process := t.freeProcesses[0] // no other is given out meanwhile
	at := uint64(uintptr(unsafe.Pointer(&gilStage)))
	clear(gilStage[:])
	binary.NativeEndian.PutUint64(gilStage[semaphore-16:], at)
	binary.NativeEndian.PutUint64(gilStage[semaphore-8:], at+mutex)
	gilStage[mutex] = 3 // as the programs know a mutex by
	err = errors.Join(s.maps.Worlds.Put(&process, &bpf.World{}), s.maps.GilProcesses.Put(&process, &bpf.GILProcess{Pid: uint32(os.Getpid())}))
	if err != nil {
		return price, nil, fmt.Errorf("calibrate: %w", err)
	}
	if attached, err = attachToSelf(programs.Parked, programs.Multi, passSignalsJump, uint64(process)); err != nil {
		return price, nil, err
	}
	price.hit = leastTime(func() { passSignals(calibrationHits, uintptr(at+semaphore), uintptr(at+semaphore)) })
	var counted bpf.GILProcess
	err = errors.Join(s.maps.GilProcesses.Lookup(&process, &counted), s.forgetOwnThread(),
		s.maps.Worlds.Put(&process, &bpf.World{}), s.maps.GilProcesses.Put(&process, &bpf.GILProcess{}))
	if want := uint64(calibrationRounds * calibrationHits); err == nil && (counted.Other != want || counted.Lost != 0) {
		err = fmt.Errorf("calibrate: %w: %d waits of %d, %d lost", errMiscounted, counted.Other, want, counted.Lost)
	}
	return price, attached, err
}
