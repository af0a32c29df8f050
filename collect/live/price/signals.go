package price

import "sync"

// HitSignals hits a site in pytop's own text n times, with taken and
// dropped in turn as the first argument of a C function.
//
//go:noescape
func HitSignals(n uint64, taken, dropped uintptr)

// hitSignalsAddress is where HitSignals begins.
func hitSignalsAddress() uintptr

// SignalsJump is the address of HitSignals's site in pytop's own text.
var SignalsJump = sync.OnceValues(func() (uint64, error) { return jumpAfter(hitSignalsAddress()) })
