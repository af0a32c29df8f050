// Package table keeps rows of any type in order: sorted by the value of a
// column, filtered, with a cursor that is a row's key. It draws nothing.
package table

import "sort"

// Column says in one place what a column is called, how wide it is, what its
// cells read and how they sort.
type Column[R any] struct {
	Title string
	Field string // its name in JSON; unique in a table
	Width int    // in cells; what a growing column has at least
	Grow  int    // its part of the room that is left; 0: none
	Most  int    // where growing ends; 0: nowhere
	Right bool   // its text stands at the right
	Leave int    // the highest leaves first when there is no room; 0 stays
	From  int    // is left out of tables narrower than this
	Hide  bool   // is left out for now, unless the table is sorted by it
	Cell  func(row *R, width int) string
	// Value is what numbers sort by, Text what names do, with Compare for
	// equal texts; a column with neither Value nor Text does not sort.
	Value   func(row *R) float64
	Text    func(row *R) string
	Compare func(a, b *R) int
	// Falling: largest first when the column is chosen.
	Falling bool
}

// Sorts tells whether the table can be sorted by the column.
func (c *Column[R]) Sorts() bool { return c.Value != nil || c.Text != nil }

// Table is rows in an order. Its zero value with Columns and Key is empty.
type Table[R any] struct {
	Columns []Column[R]
	Key     func(row *R) uint64 // never 0; rows are given in ascending Key

	rows    []R
	order   []int32 // indexes of all rows, sorted
	shown   []int32 // those of order that match
	match   func(row *R) bool
	by      string
	falling bool
	cursor  uint64 // a key; 0: there is no cursor
	at      int    // where the cursor is in shown; -1 when it is not
	offset  int    // of the first row in view
	items   []item // kept between sorts, as is spare
	spare   []item
	matches []bool
}

// Set replaces the rows, in ascending Key, and sorts them.
func (t *Table[R]) Set(rows []R) {
	t.rows = rows
	t.arrange(true)
}

// Filter shows only rows that match; nil shows all.
func (t *Table[R]) Filter(match func(row *R) bool) {
	t.match = match
	t.choose()
}

// Sort orders by a column; false when no column that sorts has that field.
func (t *Table[R]) Sort(field string, falling bool) bool {
	c := t.column(field)
	if c == nil || !c.Sorts() {
		return false
	}
	t.by, t.falling = field, falling
	t.arrange(false)
	return true
}

// SortedBy is the column that orders, and whether largest come first.
func (t *Table[R]) SortedBy() (field string, falling bool) { return t.by, t.falling }

// Len is how many rows match, All how many there are.
func (t *Table[R]) Len() int { return len(t.shown) }

// All is how many rows there are.
func (t *Table[R]) All() int { return len(t.rows) }

// Row is the i-th row as shown; it stays valid until the next Set.
func (t *Table[R]) Row(i int) *R { return &t.rows[t.shown[i]] }

// Find is the row with a key, nil when there is none.
func (t *Table[R]) Find(key uint64) *R {
	i, ok := t.index(key)
	if !ok {
		return nil
	}
	return &t.rows[i]
}

// Fields are the columns that sort, of those that Layout places.
func (t *Table[R]) Fields(width, gap int) []string {
	var fields []string
	for _, c := range t.Layout(width, gap) {
		if c.Sorts() {
			fields = append(fields, c.Field)
		}
	}
	return fields
}

// First sorts by a column in its own first direction; false as Sort.
func (t *Table[R]) First(field string) bool {
	c := t.column(field)
	return c != nil && t.Sort(field, c.Falling)
}

func (t *Table[R]) index(key uint64) (int, bool) {
	i := sort.Search(len(t.rows), func(i int) bool { return t.Key(&t.rows[i]) >= key })
	return i, i < len(t.rows) && t.Key(&t.rows[i]) == key
}

func (t *Table[R]) column(field string) *Column[R] {
	for i := range t.Columns {
		if t.Columns[i].Field == field {
			return &t.Columns[i]
		}
	}
	return nil
}
