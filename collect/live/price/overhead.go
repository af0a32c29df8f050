package price

import "time"

// realCode is by how much the least that a hit takes in real code is dearer than
// in calibration's loop, which does nothing between two hits.
const realCode = 1.15

// Overhead is the estimate of the time that hits took which in a loop of nothing
// else would have taken so much, out of the CPU time used meanwhile. In real
// code a hit is dearer, since each trap makes the processor forget what it had
// learnt of the code around it, and the more so the more of that there is: of a
// share s by the bare price, realCode times, it makes s·(1 + (1 − s)). Fitted
// to what make bench measures (BenchmarkCall's tax/taken) on three workloads, of
// which counting takes from 50 to 95 %. It is never more than the time used.
func Overhead(least, used time.Duration) time.Duration {
	if used <= 0 {
		return least
	}
	share := min(1, realCode*least.Seconds()/used.Seconds())
	return time.Duration(share * (2 - share) * float64(used))
}
