package live

import "sync"

// passSignals passes a site in pytop's own text n times, with taken and
// dropped in turn as the first argument of a C function.
//
//go:noescape
func passSignals(n uint64, taken, dropped uintptr)

// passSignalsAddress is where passSignals begins.
func passSignalsAddress() uintptr

var passSignalsJump = sync.OnceValues(func() (uint64, error) { return jumpAfter(passSignalsAddress()) })
