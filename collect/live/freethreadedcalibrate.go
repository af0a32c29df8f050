package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/link"

	"pytop/bpf"
)

// calibrateParking measures on pytop's own process what the beginning of a
// wait takes; its end reads less.
func (s *Source) calibrateParking(programs *bpf.ParkPrograms) (gilPrice, error) {
	stage.Lock()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	price, attached, err := s.parkOnStage(programs)
	if attached == nil {
		stage.Unlock()
		return price, err
	}
	s.stopped.Go(func() { // takes some 50 ms
		defer stage.Unlock()
		_ = attached.Close() // its descriptor is closed in any case, and the probe gone with it
	})
	return price, err
}

// parkOnStage measures a price, and returns what is still attached to pytop itself.
func (s *Source) parkOnStage(programs *bpf.ParkPrograms) (price gilPrice, attached link.Link, err error) {
	const semaphore, mutex = 64, 128 // any will do
	t := s.gil
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
	if attached, err = attachSignalsToSelf(programs.Parked, programs.Multi, process); err != nil {
		return price, nil, err
	}
	least := time.Duration(1 << 62)
	for range calibrationRounds {
		began := time.Now()
		passSignals(calibrationHits, uintptr(at+semaphore), uintptr(at+semaphore))
		least = min(least, time.Since(began))
	}
	price.hit = least / calibrationHits
	var counted bpf.GILProcess
	err = errors.Join(s.maps.GilProcesses.Lookup(&process, &counted), s.forgetOwnThread(),
		s.maps.Worlds.Put(&process, &bpf.World{}), s.maps.GilProcesses.Put(&process, &bpf.GILProcess{}))
	if want := uint64(calibrationRounds * calibrationHits); err == nil && (counted.Other != want || counted.Lost != 0) {
		err = fmt.Errorf("calibrate: %d waits of %d were counted, %d lost", counted.Other, want, counted.Lost)
	}
	return price, attached, err
}
