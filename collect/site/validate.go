package site

import (
	"bytes"
	"errors"
	"fmt"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// ErrOtherFile: a plan is of other bytes than the file has.
var ErrOtherFile = errors.New("the sites were found in other bytes than this file has")

// proof says of which bytes a plan is, and where in them instructions begin.
type proof struct {
	print  elf.Fingerprint
	begins map[uint64]bool // the addresses of the plan's sites
}

// prove checks that an instruction begins at each site of a plan, in its file.
func prove(f *elf.File, p *cpython.Python, plan *Plan) error {
	print, err := f.Fingerprint()
	if err != nil {
		return err
	}
	of := &proof{print, map[uint64]bool{}}
	b := newBoundaries(f)
	b.python = p
	for _, s := range plan.all() {
		if err := inFile(f, &s); err != nil {
			return err
		}
		if err := b.check(s.Address); err != nil {
			return err
		}
		of.begins[s.Address] = true
	}
	plan.proof = of
	return nil
}

// all are all sites of a plan.
func (p *Plan) all() []Site {
	var all []Site
	for _, sites := range [][]Site{p.Calls, p.Freed, p.Instrument, p.Executor} {
		all = append(all, sites...)
	}
	return all
}

// Validate checks a plan against a file, as must be done before each attach, in
// the very file that is attached to: it has the bytes that the plan was proven
// on, each site is in executable text and still has its instruction, and the
// proof has shown that one begins there. errors.Is(err, ErrOtherFile) when the
// plan is another file's.
func Validate(f *elf.File, p *Plan) error {
	if p.proof == nil {
		return errors.New("sites that were not proven in a file")
	}
	print, err := f.Fingerprint()
	if err != nil {
		return err
	}
	if print != p.proof.print {
		return ErrOtherFile
	}
	for _, s := range p.all() {
		if !p.proof.begins[s.Address] {
			return fmt.Errorf("site %#x: not one that was proven to begin an instruction", s.Address)
		}
		if err := inFile(f, &s); err != nil {
			return err
		}
	}
	return nil
}

// ValidateSites is the same for sites that belong to no plan: of libc, and of
// calls. That an instruction begins at each is looked up in its function.
func ValidateSites(f *elf.File, sites []Site) error {
	b := newBoundaries(f)
	for i := range sites {
		if err := inFile(f, &sites[i]); err != nil {
			return err
		}
		if err := b.check(sites[i].Address); err != nil {
			return err
		}
	}
	return nil
}

// inFile checks that a site is in executable text and has its bytes.
func inFile(f *elf.File, s *Site) error {
	offset, ok := f.Offset(s.Address)
	if !ok || offset != s.Offset || !f.Executable(s.Address) || len(s.Bytes) == 0 {
		return fmt.Errorf("site %#x: not in the file's text", s.Address)
	}
	b, err := f.Read(s.Address, uint64(len(s.Bytes)))
	if err != nil {
		return fmt.Errorf("site %#x: %w", s.Address, err)
	}
	if !bytes.Equal(b, s.Bytes) {
		return fmt.Errorf("site %#x: the file has %x, not %x", s.Address, b, s.Bytes)
	}
	return nil
}
