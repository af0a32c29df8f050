package functions

import (
	"slices"

	"pytop/collect"
	"pytop/tui/pane"
)

// record is what was seen of calls until now. While it is paused, what is
// shown of it stands still.
type record struct {
	history history
	rates   []float64 // of all functions, by reading

	paused bool
	past   *history // as it was when paused; nil when not
	frozen []float64
}

func (r *record) add(s *collect.Snapshot) {
	if s.Interval <= 0 {
		return
	}
	r.history.add(s)
	r.rates = pane.Tail(append(r.rates, rate(s)), pane.RatesKept)
}

func (r *record) pause(on bool) {
	r.paused, r.frozen, r.past = on, nil, nil
	if on {
		r.frozen, r.past = slices.Clone(r.rates), r.history.clone()
	}
}

// seen is the history that is shown.
func (r *record) seen() *history {
	if r.past != nil {
		return r.past
	}
	return &r.history
}

// recent is the calls/s of the last readings that are shown.
func (r *record) recent() []float64 {
	if r.paused {
		return r.frozen
	}
	return r.rates
}
