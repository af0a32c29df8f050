package table

import (
	"cmp"
	"math"
	"slices"
)

// item is a row's value beside its index: sorting these touches no row.
type item struct {
	value uint64
	row   int32
}

// arrange sorts all rows, then picks those that match.
func (t *Table[R]) arrange() {
	switch c := t.column(t.by); {
	case c == nil || !c.Sorts():
		t.order = t.everyRow()
	case c.Value != nil:
		t.byValue(c)
	default:
		t.byText(c)
	}
	t.choose()
}

// byValue sorts by numbers. Equal ones keep the order of their keys in both
// directions, so that rows do not dance.
func (t *Table[R]) byValue(c *Column[R]) {
	t.items = slices.Grow(t.items[:0], len(t.rows))
	for i := range t.rows {
		v := c.Value(&t.rows[i])
		if t.falling {
			v = -v
		}
		t.items = append(t.items, item{ascending(v), int32(i)})
	}
	t.spare = slices.Grow(t.spare[:0], len(t.items))[:len(t.items)]
	t.items, t.spare = radix(t.items, t.spare)
	t.order = slices.Grow(t.order[:0], len(t.items))
	for _, it := range t.items {
		t.order = append(t.order, it.row)
	}
}

// ascending maps a number to bits that order as numbers do.
func ascending(v float64) uint64 {
	bits := math.Float64bits(v + 0) // -0 becomes 0
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

// radix sorts items by value, byte by byte from the lowest, and keeps the
// order of equal ones: five times as fast as comparing, at 65,536 rows. It
// returns the sorted items, then the other buffer.
func radix(items, spare []item) (sorted, other []item) {
	var counts [8][256]int
	for _, it := range items {
		for b := range counts {
			counts[b][byte(it.value>>(8*b))]++
		}
	}
	for b := range counts {
		starts, sum, same := &counts[b], 0, false
		for i, n := range starts {
			same = same || n == len(items)
			starts[i] = sum
			sum += n
		}
		if same { // nothing differs in this byte
			continue
		}
		for _, it := range items {
			at := &starts[byte(it.value>>(8*b))]
			spare[*at] = it
			*at++
		}
		items, spare = spare, items
	}
	return items, spare
}

// byText sorts by comparing rows. It starts from the order there was: texts
// do not change, so all but new rows are in place already.
func (t *Table[R]) byText(c *Column[R]) {
	if len(t.order) > len(t.rows) {
		t.order = t.everyRow()
	}
	for i := len(t.order); i < len(t.rows); i++ {
		t.order = append(t.order, int32(i))
	}
	slices.SortFunc(t.order, func(a, b int32) int {
		n := c.Compare(&t.rows[a], &t.rows[b])
		if t.falling {
			n = -n
		}
		if n == 0 {
			return cmp.Compare(a, b)
		}
		return n
	})
}

func (t *Table[R]) everyRow() []int32 {
	order := slices.Grow(t.order[:0], len(t.rows))
	for i := range t.rows {
		order = append(order, int32(i))
	}
	return order
}

// choose picks the rows that match and finds the cursor among them.
func (t *Table[R]) choose() {
	t.shown = slices.Grow(t.shown[:0], len(t.order))
	t.at = -1
	for _, i := range t.order {
		row := &t.rows[i]
		if t.match != nil && !t.match(row) {
			continue
		}
		if t.cursor != 0 && t.Key(row) == t.cursor {
			t.at = len(t.shown)
		}
		t.shown = append(t.shown, i)
	}
}
