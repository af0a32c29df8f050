package live

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect/cpython"
)

// gilOffsetsOf tells the programs where a build keeps what they read.
func gilOffsetsOf(py *cpython.Python) bpf.GILOffsets {
	o := py.Offsets
	g := bpf.GILOffsets{
		Cond: o.GIL.Cond, LastHolder: o.GIL.LastHolder, ThreadFrame: o.Thread.CurrentFrame,
		FramePrevious: o.Frame.Previous, FrameOwner: 0, FrameForeign: uint32(py.Traits.ForeignOwner), FrameSize: o.Frame.HeadSize(),
	}
	if o.Thread.CFrame != cpython.Absent {
		g.HasCframe, g.ThreadFrame, g.CframeFrame = 1, o.Thread.CFrame, o.CFrame.CurrentFrame
	}
	if o.Frame.Owner != cpython.Absent {
		g.FrameOwner = o.Frame.Owner
	}
	return g
}

// openGIL prepares the table; it is done once.
func (s *Source) openGIL() (err error) {
	if s.gil != nil {
		return nil
	}
	t := &gilTable{
		slots: map[uint64]*gilThread{}, byTID: map[threadName]*gilThread{}, stacks: map[uint64]blamedStack{}, room: mostFollowed,
	}
	for _, m := range []struct {
		from *ebpf.Map
		to   **ebpf.Memory
	}{{s.maps.GilProcesses, &t.processes}, {s.maps.GilStates, &t.states}, {s.maps.GilThreads, &t.threads}} {
		if *m.to, err = m.from.Memory(); err != nil {
			return fmt.Errorf("map the GIL's counters: %w", err)
		}
	}
	for i := s.maps.GilProcesses.MaxEntries(); i > 0; i-- {
		t.freeProcesses = append(t.freeProcesses, i-1)
	}
	for i := s.maps.GilStates.MaxEntries(); i > 0; i-- {
		t.freeStates = append(t.freeStates, i-1)
	}
	for i := range s.maps.GilThreads.MaxEntries() {
		if err := s.maps.GilFree.Update(nil, &i, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("give out slots for threads: %w", err)
		}
	}
	s.gil = t
	return nil
}

// loadGIL loads a build's programs for the GIL, and measures what they cost.
func (s *Source) loadGIL(b *build) (err error) {
	if b.gil != nil || b.gilErr != nil {
		return b.gilErr
	}
	defer func() { b.gilErr = err }()
	first := s.gil.exit == nil
	for _, multi := range []bool{true, false} {
		if multi && s.options.old {
			continue
		}
		if b.gil, err = bpf.LoadGIL(s.maps, b.offsets, gilOffsetsOf(b.python), s.ns, multi); err != nil {
			if multi && unsupported(err) {
				continue
			}
			return err
		}
		if s.gil.exit == nil {
			if s.gil.exit, err = link.AttachTracing(link.TracingOptions{Program: b.gil.Exited}); err != nil {
				return errors.Join(fmt.Errorf("attach to the end of threads: %w", err), s.unloadGIL(b, first))
			}
		}
		if b.gilPrice, err = s.calibrateGIL(b.gil); err == nil {
			return nil
		}
		err = errors.Join(err, s.unloadGIL(b, first))
		if !unsupported(err) {
			return err
		}
	}
	return err
}

// unloadGIL undoes it; what notes the end of threads is of all builds, and of
// the first that was loaded.
func (s *Source) unloadGIL(b *build, first bool) error {
	var errs []error
	if first && s.gil.exit != nil {
		errs = append(errs, s.gil.exit.Close())
		s.gil.exit = nil
	}
	errs = append(errs, b.gil.Close())
	b.gil = nil
	return errors.Join(errs...)
}
