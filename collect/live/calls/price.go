package calls

import "time"

// hits is how often probes were hit, cumulative.
type hits struct {
	calls   uint64 // starts counted
	resumes uint64 // resumes counted
	other   uint64 // code_dealloc, _Py_Instrument, ENTER_EXECUTOR, and what was lost
}

// callPrice is what one hit takes from the target in a loop of nothing else, as
// calibrate measured it.
type callPrice struct {
	call, resume, other time.Duration
}

func (p callPrice) known() bool { return p.call > 0 }

// of is what so many hits take at the least.
func (p callPrice) of(h hits) time.Duration {
	return time.Duration(h.calls)*p.call + time.Duration(h.resumes)*p.resume + time.Duration(h.other)*p.other
}
