package processes

import "pytop/collect"

// process is a row of the processes pane.
type process struct {
	*collect.ProcessRow
	key    uint64
	age    float64 // seconds
	marked bool
	// bounded: not all was seen that happened to its GIL in the span.
	bounded bool
}

// processKey orders by PID, and tells a process from a later one with its PID.
func processKey(p *collect.Process) uint64 {
	return uint64(p.PID)<<32 | uint64(uint32(p.Start.UnixMilli()/10))
}
