package calls

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect/live/price"
	"pytop/collect/proc"
)

const coGenerator = 0x20 // CO_GENERATOR in co_flags

// puppet is a code object and a frame made up in pytop's own memory.
type puppet struct {
	object, frame, instruction [512]byte
}

// stage is what is passed to the programs: its addresses must not change, as
// those of a goroutine's stack may. Who measures has it alone: see price.OnStage.
var stage struct {
	function, generator puppet
	codeType            [64]byte
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
	return price.Least(func() {
		price.HitSite(price.Hits, uintptr(unsafe.Pointer(&p.object)), uintptr(unsafe.Pointer(&p.frame)), uintptr(unsafe.Pointer(&p.instruction)))
	})
}

// calibrate measures on pytop's own process what a hit of a build's programs
// takes on this machine: a start and a resume, as its hot site counts them.
// No target is attached meanwhile.
//
// It is also the trial of the way of attaching: the hits are those of a thread
// that is not the process's first, and all must be counted.
func (c *Calls) calibrate(b *build) (callPrice, error) {
	return price.OnStage(c.Beside, func() (callPrice, link.Link, error) { return c.measureCalls(b) })
}

// measureCalls measures the price of starts and resumes, and returns what is still
// attached to pytop itself.
func (c *Calls) measureCalls(b *build) (callPrice, link.Link, error) {
	if err := errors.Join(stage.function.dress(&b.Offsets, 0), stage.generator.dress(&b.Offsets, coGenerator)); err != nil {
		return callPrice{}, nil, err
	}
	self, err := proc.System().Stat(0)
	if err != nil {
		return callPrice{}, nil, fmt.Errorf("calibrate: %w", err)
	}
	pid := bpf.ProcessKey{Pid: uint32(os.Getpid()), Started: uint32(self.StartTicks)}
	state := bpf.ProcessState{CodeType: uint64(uintptr(unsafe.Pointer(&stage.codeType))), Flags: bpf.Counted}
	if err := c.Maps.Processes.Update(&pid, &state, ebpf.UpdateAny); err != nil {
		return callPrice{}, nil, fmt.Errorf("calibrate: %w", err)
	}
	attached, err := price.AttachToSelf(b.programs.Called, b.programs.Multi, price.SiteJump, cookie(price.OwnSite(b.Plan.Calls[0]), 0))
	if err != nil {
		return callPrice{}, nil, errors.Join(err, c.forget(pid))
	}
	call, resume := stage.function.time(), stage.generator.time()
	counted, err := c.countedHits(pid)
	if err = errors.Join(err, c.forget(pid)); err != nil {
		return callPrice{}, attached, err
	}
	if want := uint64(2 * price.Rounds * price.Hits); counted != want {
		return callPrice{}, attached, fmt.Errorf("calibrate: %w: %d of %d", price.ErrMiscounted, counted, want)
	}
	return callPrice{call: call, resume: resume, other: call}, attached, nil
}

// countedHits sums what the programs counted for pytop's own process.
func (c *Calls) countedHits(of bpf.ProcessKey) (sum uint64, err error) {
	var key bpf.CallKey
	var n bpf.CallCount
	it := c.Maps.Live.Iterate()
	for it.Next(&key, &n) {
		if n.Pid == of.Pid {
			sum += n.Calls + n.Resumes
		}
	}
	return sum, it.Err()
}

// forget removes what the programs know of a process: after its last reading.
func (c *Calls) forget(of bpf.ProcessKey) error {
	c.names.sync()
	var keys []bpf.CallKey
	var key bpf.CallKey
	var n bpf.CallCount
	it := c.Maps.Live.Iterate()
	for it.Next(&key, &n) {
		if n.Pid == of.Pid {
			keys = append(keys, key)
			c.names.take(n.Id)
		}
	}
	errs := []error{it.Err()}
	for i := range keys {
		errs = append(errs, c.Maps.Live.Delete(&keys[i]))
	}
	return errors.Join(append(errs, c.Maps.Processes.Delete(&of))...)
}
