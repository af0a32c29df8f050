package table

import (
	"cmp"
	"slices"
)

// item is a row's value beside its index: sorting these touches no row.
type item struct {
	value float64
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
		t.items = append(t.items, item{v, int32(i)})
	}
	slices.SortFunc(t.items, func(a, b item) int {
		switch {
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return cmp.Compare(a.row, b.row)
	})
	t.order = slices.Grow(t.order[:0], len(t.items))
	for _, it := range t.items {
		t.order = append(t.order, it.row)
	}
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
