package functions

import (
	"math"

	"pytop/tui/format"
)

// trend is a row's sparkline over the last minute.
func (r *record) trend(signs *format.Signs, f *function) string {
	values := r.lastMinute(f)
	if values == nil {
		return ""
	}
	return signs.Spark(values)
}

// lastMinute is calls/s of a row, of its functions together; nil when they have
// no history.
func (r *record) lastMinute(f *function) []float64 {
	values := r.seen().last(f.Code.ID, trendCells)
	for _, id := range f.others {
		values = addPoints(values, r.seen().last(id, trendCells))
	}
	return values
}

// addPoints adds points of b to those of a, either of which may be nil: a hole
// is where both have one.
func addPoints(a, b []float64) []float64 {
	if a == nil || b == nil {
		return append(a, b...)
	}
	for i, v := range b {
		switch {
		case math.IsNaN(a[i]):
			a[i] = v
		case !math.IsNaN(v):
			a[i] += v
		}
	}
	return a
}
