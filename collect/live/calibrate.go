package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"pytop/bpf"
	"pytop/collect/proc"
	"pytop/collect/site"
)

const (
	calibrationRounds = 40
	calibrationHits   = 100 // a round: short enough to be mostly undisturbed
)

const coGenerator = 0x20 // CO_GENERATOR in co_flags

// puppet is a code object and a frame made up in pytop's own memory.
type puppet struct {
	object, frame, instruction [512]byte
}

// stage is where calibrations take place: its addresses must not change, as
// those of a goroutine's stack may.
var stage struct {
	sync.Mutex       // two at one site would pay for each other
	plain, generator puppet
	codeType         [64]byte
}

// dress makes a puppet fit a build's offsets.
func (p *puppet) dress(py *bpf.PyOffsets, flags uint32) error {
	*p = puppet{}
	for _, end := range []uint32{py.ObjectType + 8, py.CodeFlags + 4, py.FrameCode + 8} {
		if end > uint32(len(p.object)) {
			return fmt.Errorf("calibrate: offset %d is out of bounds", end)
		}
	}
	point := func(room []byte, at uint32, to unsafe.Pointer) {
		binary.LittleEndian.PutUint64(room[at:], uint64(uintptr(to)))
	}
	point(p.object[:], py.ObjectType, unsafe.Pointer(&stage.codeType))
	binary.LittleEndian.PutUint32(p.object[py.CodeFlags:], flags)
	point(p.frame[:], py.FrameCode, unsafe.Pointer(&p.object))
	switch {
	case py.LegacyFrame != 0 && py.FrameLasti+4 <= uint32(len(p.frame)):
		binary.LittleEndian.PutUint32(p.frame[py.FrameLasti:], 4)
	case py.LegacyFrame == 0 && py.FrameInstr+8 <= uint32(len(p.frame)):
		point(p.frame[:], py.FrameInstr, unsafe.Pointer(&p.instruction))
		p.instruction[1] = 1 // RESUME's oparg: after a yield
	default:
		return errors.New("calibrate: the frame's offsets are out of bounds")
	}
	return nil
}

// time passes the site and returns the time that one pass took.
func (p *puppet) time() time.Duration {
	return leastTime(func() {
		passSite(calibrationHits, uintptr(unsafe.Pointer(&p.object)), uintptr(unsafe.Pointer(&p.frame)), uintptr(unsafe.Pointer(&p.instruction)))
	})
}

// leastTime is what one of a round's hits takes: the least of several rounds,
// since all that disturbs makes it longer.
func leastTime(round func()) time.Duration {
	least := time.Duration(1 << 62)
	for range calibrationRounds {
		began := time.Now()
		round()
		least = min(least, time.Since(began))
	}
	return least / calibrationHits
}

// calibrate measures on pytop's own process what a hit of a build's programs
// takes on this machine: a start and a resume, as its hot site counts them.
// No target is attached meanwhile.
//
// It is also the trial of the way of attaching: the hits are those of a thread
// that is not the process's first, and all must be counted.
func (s *Source) calibrate(b *build) (price, error) {
	return onStage(s, func() (price, link.Link, error) { return s.passCalls(b) })
}

// onStage measures a price on a thread that is not the process's first. The
// stage is others' again when what is still attached to pytop itself is gone.
func onStage[P any](s *Source, measure func() (P, link.Link, error)) (price P, err error) {
	stage.Lock()
	var attached link.Link
	onThread(func() { price, attached, err = measure() })
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

// onThread calls f on a thread that is not the process's first.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if unix.Gettid() == os.Getpid() {
			onThread(f) // this goroutine keeps the first thread meanwhile
			return
		}
		f()
	}()
	<-done
}

// errMiscounted: the kernel took the probes, and not all hits were counted.
var errMiscounted = errors.New("not all hits were counted")

// passCalls measures the price of starts and resumes, and returns what is still
// attached to pytop itself.
func (s *Source) passCalls(b *build) (price, link.Link, error) {
	if err := errors.Join(stage.plain.dress(&b.offsets, 0), stage.generator.dress(&b.offsets, coGenerator)); err != nil {
		return price{}, nil, err
	}
	self, err := proc.System().Stat(0)
	if err != nil {
		return price{}, nil, fmt.Errorf("calibrate: %w", err)
	}
	pid := bpf.ProcessKey{Pid: uint32(os.Getpid()), Started: uint32(self.StartTicks)}
	state := bpf.ProcessState{CodeType: uint64(uintptr(unsafe.Pointer(&stage.codeType))), Flags: bpf.Counted}
	if err := s.maps.Processes.Update(&pid, &state, ebpf.UpdateAny); err != nil {
		return price{}, nil, fmt.Errorf("calibrate: %w", err)
	}
	attached, err := attachToSelf(b.programs.Called, b.programs.Multi, passSiteJump, cookie(asPassed(b.plan.Calls[0]), 0))
	if err != nil {
		return price{}, nil, errors.Join(err, s.forget(pid))
	}
	call, resume := stage.plain.time(), stage.generator.time()
	counted, err := s.countedHits(pid)
	if err = errors.Join(err, s.forget(pid)); err != nil {
		return price{}, attached, err
	}
	if want := uint64(2 * calibrationRounds * calibrationHits); counted != want {
		return price{}, attached, fmt.Errorf("calibrate: %w: %d of %d", errMiscounted, counted, want)
	}
	return price{call: call, resume: resume, other: call}, attached, nil
}

// attachToSelf attaches a program to an instruction of pytop's own text.
func attachToSelf(program *ebpf.Program, multi bool, address func() (uint64, error), cookie uint64) (link.Link, error) {
	at, err := address()
	if err != nil {
		return nil, err
	}
	offset, err := ownOffset(at)
	if err != nil {
		return nil, err
	}
	a, err := attachmentTo("/proc/self/exe", "pytop itself", multi, os.Getpid())
	if err != nil {
		return nil, err
	}
	a.cookie = func(site.Site) uint64 { return cookie }
	links, err := a.put(probes{program, []site.Site{{Offset: offset}}})
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	return links[0], nil
}

// ownOffset is where an address of pytop's own text is in its file.
func ownOffset(address uint64) (uint64, error) {
	maps, err := proc.System().Maps(0)
	if err != nil {
		return 0, err
	}
	for _, m := range maps {
		if m.Executable() && m.Start <= address && address < m.End {
			return address - m.Start + m.Offset, nil
		}
	}
	return 0, fmt.Errorf("calibrate: %#x is in no mapping", address)
}

// countedHits sums what the programs counted for pytop's own process.
func (s *Source) countedHits(of bpf.ProcessKey) (sum uint64, err error) {
	var key bpf.CallKey
	var n bpf.CallCount
	it := s.maps.Live.Iterate()
	for it.Next(&key, &n) {
		if n.Pid == of.Pid {
			sum += n.Calls + n.Resumes
		}
	}
	return sum, it.Err()
}

// forget removes what the programs know of a process: after its last reading.
func (s *Source) forget(of bpf.ProcessKey) error {
	s.names.sync()
	var keys []bpf.CallKey
	var key bpf.CallKey
	var n bpf.CallCount
	it := s.maps.Live.Iterate()
	for it.Next(&key, &n) {
		if n.Pid == of.Pid {
			keys = append(keys, key)
			s.names.take(n.Id)
		}
	}
	errs := []error{it.Err()}
	for i := range keys {
		errs = append(errs, s.maps.Live.Delete(&keys[i]))
	}
	return errors.Join(append(errs, s.maps.Processes.Delete(&of))...)
}
