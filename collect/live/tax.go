package live

import "time"

// hits is how often probes were hit, cumulative.
type hits struct {
	calls   uint64 // starts counted
	resumes uint64 // resumes counted
	other   uint64 // code_dealloc, _Py_Instrument and ENTER_EXECUTOR
}

// price is what one hit takes from the target, an estimate; see calibrate.
type price struct {
	call, resume, other time.Duration
}

func (p price) known() bool { return p.call > 0 }

// of is what so many hits take.
func (p price) of(h hits) time.Duration {
	return time.Duration(h.calls)*p.call + time.Duration(h.resumes)*p.resume + time.Duration(h.other)*p.other
}
