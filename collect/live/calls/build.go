package calls

import (
	"errors"
	"time"

	"pytop/bpf"
	"pytop/collect/live/price"
	"pytop/collect/live/target"
)

// build is what counting has for one file: the programs, loaded once.
type build struct {
	*target.Build
	programs *bpf.Programs
	price    callPrice
	shared   *links    // to all processes of the file; nil: none
	sharedAt time.Time // since when
	split    bool      // no longer shared: one of its processes was let go
}

// build is what there is for a file. A copy of another uses its programs.
func (c *Calls) build(of *target.Build) *build {
	b := c.builds[of]
	if b == nil {
		b = &build{Build: of}
		if of.Same != nil {
			o := c.build(of.Same)
			b.programs, b.price = o.programs, o.price
		}
		c.builds[of] = b
	}
	return b
}

func (b *build) close() error {
	if b.programs == nil || b.Same != nil {
		return nil
	}
	return b.programs.Close()
}

// Prepare loads a build's programs, for uprobe_multi where the kernel has one
// that counts truly, and measures what they cost.
func (c *Calls) Prepare(of *target.Build) (err error) {
	b := &build{Build: of}
	for _, multi := range []bool{true, false} {
		if multi && c.Tests.Old {
			continue
		}
		if b.programs, err = bpf.LoadPrograms(c.Maps, of.Offsets, of.Number, c.Machine, multi); err != nil {
			if multi && price.Unsupported(err) {
				continue
			}
			return err
		}
		if b.price, err = c.calibrate(b); err == nil {
			break
		}
		err = errors.Join(err, b.programs.Close())
		b.programs = nil
		if !price.Unsupported(err) {
			return err
		}
	}
	if err != nil {
		return err
	}
	if c.focus != 0 {
		if err := b.programs.SetFocus(c.epoch); err != nil {
			return errors.Join(err, b.programs.Close())
		}
	}
	of.Harmless, of.Multi = b.programs.Instrumented, b.programs.Multi
	c.builds[of] = b
	return nil
}

// Shares tells whether something is attached to a file for all its processes.
func (c *Calls) Shares(b *target.Build) bool { return c.build(b).shared != nil }

// Unshare detaches that; what it returns waits for the kernel.
func (c *Calls) Unshare(of *target.Build) func() error {
	b := c.build(of)
	l := b.shared
	if l == nil {
		return nil
	}
	b.shared = nil
	return l.close
}

// Release gives up what is loaded for a file; what it returns frees it.
func (c *Calls) Release(of *target.Build) func() error {
	b := c.build(of)
	delete(c.builds, of)
	return b.close
}
