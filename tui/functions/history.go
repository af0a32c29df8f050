package functions

import (
	"math"
	"slices"
	"time"

	"pytop/collect"
)

const (
	// pointTime × points is what a chart shows: the last five minutes.
	pointTime = 3 * time.Second
	points    = 100
	// maxTracks bounds the memory: 65,536 functions take 14 MB.
	maxTracks = 65536
	trackPage = 1024
	// quietEnd is how many readings a function that went to 0 stays ahead of
	// those that are idle.
	quietEnd = 6
)

// point is calls/s over a pointTime: the upper half of a float32, exact to
// 0.4 %, and NaN where nothing was counted.
type point uint16

func newPoint(v float64) point { return point(math.Float32bits(float32(v)) >> 16) }

func (p point) value() float64 { return float64(math.Float32frombits(uint32(p) << 16)) }

// track is the history of one function, as a ring of points.
type track struct {
	ring  [points]point
	calls float32 // calls in the open point; NaN when not counted
	quiet uint8   // readings since it last ran
	idle  uint8   // closed points since it was last called
}

// history keeps calls/s of every function over the last minutes, in bounded
// memory: a function has a track while it was called in that time.
type history struct {
	ids   []uint64 // ascending
	index []int32  // beside ids: where its track is; -1 for none
	pages []*[trackPage]track
	free  []int32
	spare struct { // buffers of the walk before
		ids   []uint64
		index []int32
	}
	all    [points]point // calls/s of everything: holes are when nothing was counted
	calls  float64
	next   int           // where the ring is written next
	clock  int64         // ns since 1970 when it began, and then the intervals: the wall clock may be put back
	number int64         // of the open point, since 1970
	open   time.Duration // how much of the open point was measured
}

func (h *history) track(i int32) *track { return &h.pages[i/trackPage][i%trackPage] }

// add takes in a snapshot. Its functions are in ascending ID, as are ids: one
// walk, no map.
func (h *history) add(s *collect.Snapshot) {
	h.clock += int64(s.Interval)
	if h.number == 0 {
		h.clock = s.Time.UnixNano()
		h.number = h.clock / int64(pointTime)
		for i := range h.all {
			h.all[i] = newPoint(math.NaN())
		}
	}
	number := h.clock / int64(pointTime)
	most := mostlyCounted(s)
	h.calls += s.Totals.CallsPerS * s.Interval.Seconds()
	if hole(s) {
		h.calls = math.NaN()
	}
	h.open += s.Interval
	ids, index := h.spare.ids[:0], h.spare.index[:0]
	old := 0
	for i := range s.Functions {
		row := &s.Functions[i]
		id := row.Code.ID
		for ; old < len(h.ids) && h.ids[old] < id; old++ {
			h.release(h.index[old])
		}
		at := int32(-1)
		if old < len(h.ids) && h.ids[old] == id {
			at = h.index[old]
			old++
		}
		at = h.count(at, row, most.has(row.Code.PID), s.Interval)
		ids, index = append(ids, id), append(index, at)
	}
	for ; old < len(h.ids); old++ {
		h.release(h.index[old])
	}
	h.spare.ids, h.spare.index, h.ids, h.index = h.ids, h.index, ids, index
	if number > h.number && h.open > 0 {
		h.turn(int(min(number-h.number, points)))
		h.number = number
	}
}

// count adds a row to its track, and gives it one when it ran without.
func (h *history) count(at int32, row *collect.FunctionRow, counted bool, interval time.Duration) int32 {
	ran := row.CallsDelta+row.ResumesDelta > 0 && interval > 0
	if at < 0 {
		if !ran {
			return -1
		}
		if at = h.take(); at < 0 {
			return -1
		}
	}
	t := h.track(at)
	switch {
	case !counted:
		t.calls = float32(math.NaN())
	case ran:
		t.calls += float32(row.CallsPerS * interval.Seconds())
		t.quiet = 0
	case t.quiet < quietEnd:
		t.quiet++
	}
	return at
}

// turn closes the open point and writes it n times: once, or as often as a
// long interval spans it.
func (h *history) turn(n int) {
	seconds := h.open.Seconds()
	write := func(ring *[points]point, p point) {
		for k := range n {
			ring[(h.next+k)%points] = p
		}
	}
	for i, at := range h.index {
		if at < 0 {
			continue
		}
		t := h.track(at)
		p := newPoint(float64(t.calls) / seconds)
		write(&t.ring, p)
		if t.calls == 0 && t.quiet >= quietEnd {
			t.idle = uint8(min(points, int(t.idle)+n))
		} else {
			t.idle = 0
		}
		t.calls = 0
		if t.idle >= points {
			h.release(at)
			h.index[i] = -1
		}
	}
	write(&h.all, newPoint(h.calls/seconds))
	h.next = (h.next + n) % points
	h.calls, h.open = 0, 0
}

// take finds room for a track: not called before, as far as was counted.
func (h *history) take() int32 {
	if len(h.free) == 0 {
		if len(h.pages)*trackPage >= maxTracks {
			return -1
		}
		first := int32(len(h.pages) * trackPage)
		h.pages = append(h.pages, new([trackPage]track))
		for i := first + trackPage - 1; i >= first; i-- {
			h.free = append(h.free, i)
		}
	}
	at := h.free[len(h.free)-1]
	h.free = h.free[:len(h.free)-1]
	t := h.track(at)
	*t = track{}
	for i, p := range h.all {
		if math.IsNaN(p.value()) {
			t.ring[i] = p
		}
	}
	return at
}

func (h *history) release(at int32) {
	if at >= 0 {
		h.free = append(h.free, at)
	}
}

// rows makes the rows of the functions pane.
func (h *history) rows(s *collect.Snapshot) []function {
	counted := countedPIDs(s)
	rows := make([]function, len(s.Functions))
	old := 0
	for i := range s.Functions {
		row := &s.Functions[i]
		rows[i] = function{FunctionRow: row, counted: s.Interval > 0 && counted.has(row.Code.PID), quiet: quietEnd}
		for old < len(h.ids) && h.ids[old] < row.Code.ID {
			old++
		}
		if old < len(h.ids) && h.ids[old] == row.Code.ID && h.index[old] >= 0 {
			rows[i].quiet = h.track(h.index[old]).quiet
		}
	}
	return rows
}

// last is calls/s of a function over the last n points, oldest first, the
// open one at the end; nil when it has no history.
func (h *history) last(id uint64, n int) []float64 {
	i, ok := slices.BinarySearch(h.ids, id)
	if !ok || h.index[i] < 0 {
		return nil
	}
	t := h.track(h.index[i])
	return h.unroll(&t.ring, float64(t.calls), n)
}

// total is last for all functions together.
func (h *history) total() []float64 {
	if h.number == 0 { // nothing was measured
		return nil
	}
	return h.unroll(&h.all, h.calls, points)
}

// unroll is the last n points of a ring, the open one at its end.
func (h *history) unroll(ring *[points]point, calls float64, n int) []float64 {
	values := make([]float64, 0, n)
	closed := n
	if h.open > 0 {
		closed--
	}
	for k := range closed {
		values = append(values, ring[((h.next-closed+k)%points+points)%points].value())
	}
	if h.open > 0 {
		values = append(values, calls/h.open.Seconds())
	}
	return values
}

// clone is the history as it is now, for a screen that stands still.
func (h *history) clone() *history {
	c := *h
	c.ids, c.index = slices.Clone(h.ids), slices.Clone(h.index)
	c.pages = make([]*[trackPage]track, len(h.pages))
	for i, page := range h.pages {
		copied := *page
		c.pages[i] = &copied
	}
	return &c
}
