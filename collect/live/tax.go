package live

import "time"

// hits is how often probes were hit, cumulative.
type hits struct {
	calls   uint64 // starts counted
	resumes uint64 // resumes counted
	other   uint64 // code_dealloc, _Py_Instrument, ENTER_EXECUTOR, and what was lost
}

// price is what one hit takes from the target in a loop of nothing else, as
// calibrate measured it.
type price struct {
	call, resume, other time.Duration
}

func (p price) known() bool { return p.call > 0 }

// of is what so many hits take at the least.
func (p price) of(h hits) time.Duration {
	return time.Duration(h.calls)*p.call + time.Duration(h.resumes)*p.resume + time.Duration(h.other)*p.other
}

// coldness is by how much a hit is dearer where all else that the target does
// lies between two hits, than in a loop of hits: each trap makes the processor
// forget what it had learnt of the code around it. Measured with make bench
// (BenchmarkCall's tax/taken): 0.5 brings three workloads, of which counting
// takes from 40 to 95 %, within a quarter on all versions.
const coldness = 0.5

// tax is the estimate of the time that hits took which at the least took so
// much, out of the CPU time used meanwhile. It is never all of that time.
func tax(least, used time.Duration) time.Duration {
	if used <= 0 {
		return least
	}
	share := min(1, least.Seconds()/used.Seconds())
	return time.Duration(share * (1 + coldness*(1-share)) * float64(used))
}
