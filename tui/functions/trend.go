package functions

import "math"

// trend is a row's sparkline over the last minute.
func (p *Pane) trend(f *function) string {
	values := p.lastMinute(f)
	if values == nil {
		return ""
	}
	return p.Signs.Spark(values)
}

// lastMinute is calls/s of a row, of its functions together; nil when they have
// no history.
func (p *Pane) lastMinute(f *function) []float64 {
	values := p.record.seen().last(f.Code.ID, trendCells)
	for _, id := range f.others {
		values = addPoints(values, p.record.seen().last(id, trendCells))
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
