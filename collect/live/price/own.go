package price

import (
	"bytes"
	"fmt"
	"os"
	"sync"

	"pytop/collect/proc"
	"pytop/collect/site"
)

// HitSite hits a site in pytop's own text n times, with a code object, a
// frame and an instruction's address where own says.
//
//go:noescape
func HitSite(n uint64, code, frame, instruction uintptr)

// hitSiteAddress is where HitSite begins.
func hitSiteAddress() uintptr

// OwnSite is a site of HitSite that makes a program do what it does at s.
func OwnSite(s site.Site) site.Site {
	out := site.Site{Code: site.None, Frame: site.None, Slot: own.slot, Next: site.None, Throw: site.None, Cheap: true}
	if s.Code != site.None {
		out.Code = own.code
	}
	if s.Frame != site.None {
		out.Frame, out.Slot = own.frame, 0
	}
	if s.Next != site.None {
		out.Next = own.next
	}
	return out
}

// SiteJump is the address of HitSite's site in pytop's own text. It is
// looked up before anything is attached there.
var SiteJump = sync.OnceValues(func() (uint64, error) { return jumpAfter(hitSiteAddress()) })

// jumpAfter is the address of the first jump to the next instruction from an
// address of pytop's own text on.
func jumpAfter(start uintptr) (uint64, error) {
	text := make([]byte, 64)
	if err := proc.ReadMemory(os.Getpid(), uint64(start), text); err != nil {
		return 0, fmt.Errorf("calibrate: %w", err)
	}
	i := bytes.Index(text, own.jump)
	if i < 0 {
		return 0, fmt.Errorf("calibrate: the site is not at %#x", start)
	}
	return uint64(start) + uint64(i), nil
}

// place is where HitSite has what it is given.
type place struct {
	code, frame, next site.Register
	slot              uint16 // the frame's, too
	jump              []byte // the site
}
