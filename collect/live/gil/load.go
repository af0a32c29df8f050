package gil

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect/cpython"
	"pytop/collect/live/price"
)

// offsetsOf tells the programs where a build keeps what they read.
func offsetsOf(py *cpython.Python) bpf.GILOffsets {
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

// load loads a build's programs for the GIL, and measures what they cost.
func (t *table) load(b *build) (err error) {
	if b.gil != nil || b.err != nil {
		return b.err
	}
	defer func() { b.err = err }()
	first := t.exit == nil
	for _, multi := range []bool{true, false} {
		if multi && t.Tests.Old {
			continue
		}
		if b.gil, err = bpf.LoadGIL(t.Maps, b.Offsets, offsetsOf(b.Python), t.Machine.PIDs, multi); err != nil {
			if multi && price.Unsupported(err) {
				continue
			}
			return err
		}
		if t.exit == nil {
			if t.exit, err = link.AttachTracing(link.TracingOptions{Program: b.gil.Exited}); err != nil {
				return errors.Join(fmt.Errorf("attach to the end of threads: %w", err), t.unload(b, first))
			}
		}
		if b.price, err = t.calibrate(b.gil); err == nil {
			return nil
		}
		err = errors.Join(err, t.unload(b, first))
		if !price.Unsupported(err) {
			return err
		}
	}
	return err
}

// unload undoes it; what notes the end of threads is of all builds, and of
// the first that was loaded.
func (t *table) unload(b *build, first bool) error {
	var errs []error
	if first && t.exit != nil {
		errs = append(errs, t.exit.Close())
		t.exit = nil
	}
	errs = append(errs, b.gil.Close())
	b.gil = nil
	return errors.Join(errs...)
}
