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
	"golang.org/x/sys/unix"

	"pytop/bpf"
)

// gilPrice is what following the GIL takes, as calibrateGIL measured it.
type gilPrice struct {
	hit  time.Duration // a take or a drop
	trap time.Duration // of it what a program takes that does nothing: about as much is in each hold
}

// ofHits is what so many hits take.
func (p gilPrice) ofHits(n uint64) time.Duration { return time.Duration(n) * p.hit }

// madeUpGIL is memory like a GIL's and its thread state's.
type madeUpGIL struct{ bytes [512]byte }

// calibrateGIL measures on pytop's own process what a take and a drop take
// from a process.
func (s *Source) calibrateGIL(programs *bpf.GILPrograms) (gilPrice, error) {
	const cond, switchCond = 32, 120 // any will do
	calibrating.Lock()
	defer calibrating.Unlock()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t := s.gil
	process, state := t.freeProcesses[0], t.freeStates[0] // no other is given out meanwhile
	gil := &madeUpGIL{}
	binary.LittleEndian.PutUint32(gil.bytes[16:], 1)
	at := uint64(uintptr(unsafe.Pointer(gil)))
	err := errors.Join(
		s.maps.GilStates.Put(&state, &bpf.GILState{Used: 1, Address: at, Attached: monotonic()}),
		s.maps.GilProcesses.Put(&process, &bpf.GILProcess{Cond: at + cond, SwitchCond: at + switchCond, Gil: state, Pid: uint32(os.Getpid())}))
	if err != nil {
		return gilPrice{}, fmt.Errorf("calibrate: %w", err)
	}
	pass := func() time.Duration {
		least := time.Duration(1 << 62)
		for range calibrationRounds {
			began := time.Now()
			passSignals(calibrationHits, uintptr(at+switchCond), uintptr(at+cond))
			least = min(least, time.Since(began))
		}
		return least / calibrationHits
	}
	var price gilPrice
	var counted bpf.GILState
	price.hit, err = s.timeAt(programs, true, process, pass)
	if err == nil {
		err = s.maps.GilStates.Lookup(&state, &counted)
	}
	if err == nil {
		price.trap, err = s.timeAt(programs, false, process, pass)
	}
	runtime.KeepAlive(gil)
	err = errors.Join(err, s.forgetOwnThread(), s.maps.GilStates.Put(&state, &bpf.GILState{}), s.maps.GilProcesses.Put(&process, &bpf.GILProcess{}))
	if err != nil {
		return gilPrice{}, err
	}
	if want := uint64(calibrationRounds * calibrationHits / 2); counted.Takes != want || counted.Drops != want {
		return gilPrice{}, fmt.Errorf("calibrate: %d takes and %d drops of %d were counted", counted.Takes, counted.Drops, want)
	}
	return price, nil
}

// timeAt times a pass under the program, or under one that does nothing.
func (s *Source) timeAt(programs *bpf.GILPrograms, whole bool, process uint32, pass func() time.Duration) (took time.Duration, err error) {
	at, err := passSignalsJump()
	if err != nil {
		return 0, err
	}
	offset, err := ownOffset(at)
	if err != nil {
		return 0, err
	}
	executable, err := link.OpenExecutable("/proc/self/exe")
	if err != nil {
		return 0, fmt.Errorf("calibrate: %w", err)
	}
	program := programs.Empty
	if whole {
		program = programs.Signalled
	}
	var l link.Link
	if programs.Multi {
		l, err = executable.UprobeMulti(nil, program, &link.UprobeMultiOptions{Addresses: []uint64{offset}, Cookies: []uint64{uint64(process)}, PID: uint32(os.Getpid())})
	} else {
		l, err = executable.Uprobe("", program, &link.UprobeOptions{Address: offset, PID: os.Getpid(), Cookie: uint64(process)})
	}
	if err != nil {
		return 0, err
	}
	took = pass()
	return took, l.Close()
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
