package live

import (
	"bytes"
	"fmt"
	"os"
	"sync"

	"pytop/collect/proc"
	"pytop/collect/site"
)

// passSite passes a site in pytop's own text n times, with a code object in
// rax, a frame in rbx and at [rsp+24], and an instruction's address in rdx.
//
//go:noescape
func passSite(n uint64, code, frame, instruction uintptr)

// passSiteAddress is where passSite begins.
func passSiteAddress() uintptr

// asPassed is a site of passSite that makes a program do what it does at s.
func asPassed(s site.Site) site.Site {
	const rax, rbx, rdx, slot = 0, 3, 2, 24
	out := site.Site{Code: site.None, Frame: site.None, Slot: slot, Next: site.None, Throw: site.None, Cheap: true}
	if s.Code != site.None {
		out.Code = rax
	}
	if s.Frame != site.None {
		out.Frame, out.Slot = rbx, 0
	}
	if s.Next != site.None {
		out.Next = rdx
	}
	return out
}

// passSiteJump is the address of passSite's site in pytop's own text. It is
// looked up before anything is attached there.
var passSiteJump = sync.OnceValues(func() (uint64, error) { return jumpAfter(passSiteAddress()) })

// jumpAfter is the address of the first jump to the next instruction from an
// address of pytop's own text on.
func jumpAfter(start uintptr) (uint64, error) {
	text := make([]byte, 64)
	if err := proc.ReadMemory(os.Getpid(), uint64(start), text); err != nil {
		return 0, fmt.Errorf("calibrate: %w", err)
	}
	i := bytes.Index(text, []byte{0xEB, 0x00})
	if i < 0 {
		return 0, fmt.Errorf("calibrate: the site is not at %#x", start)
	}
	return uint64(start) + uint64(i), nil
}
