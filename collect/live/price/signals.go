package price

import "sync"

// PassSignals passes a site in pytop's own text n times, with taken and
// dropped in turn as the first argument of a C function.
//
//go:noescape
func PassSignals(n uint64, taken, dropped uintptr)

// passSignalsAddress is where PassSignals begins.
func passSignalsAddress() uintptr

// SignalsJump is the address of PassSignals's site in pytop's own text.
var SignalsJump = sync.OnceValues(func() (uint64, error) { return jumpAfter(passSignalsAddress()) })
