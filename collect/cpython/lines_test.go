package cpython

import "testing"

func TestLine(t *testing.T) {
	for _, c := range []struct {
		name  string
		kind  LineTable
		table []byte
		first int
		last  int64
		want  int
	}{
		{"lnotab, first", Lnotab, []byte{0, 1, 8, 1}, 10, 0, 11},
		{"lnotab, later", Lnotab, []byte{0, 1, 8, 1}, 10, 8, 12},
		{"lnotab, back", Lnotab, []byte{4, 0xff, 4, 2}, 10, 4, 9},
		{"lnotab, none", Lnotab, nil, 10, 4, 10},
		{"lines", Lines, []byte{4, 1, 6, 2}, 10, 2, 13},
		{"lines, without", Lines, []byte{4, 0x80, 6, 2}, 10, 0, 0},
		{"lines, beyond", Lines, []byte{4, 1}, 10, 2, 0},
		{"locations, short", Locations, []byte{0x80 | 0<<3 | 1, 0x11, 0x80 | 11<<3, 1, 2}, 10, 4, 11},
		{"locations, long", Locations, []byte{0x80 | 14<<3, 0x43, 0x01, 0, 0, 0}, 10, 0, 10 - 33},
		{"locations, no columns", Locations, []byte{0x80 | 13<<3 | 7, 0x06}, 10, 14, 13},
		{"locations, none", Locations, []byte{0x80 | 15<<3 | 7}, 10, 14, 0},
		{"locations, no table", Locations, []byte{1, 2, 3}, 10, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.kind.Line(c.table, c.first, c.last); got != c.want {
				t.Errorf("line %d, not %d", got, c.want)
			}
		})
	}
}

func FuzzLine(f *testing.F) {
	f.Add(uint8(0), []byte{0, 1, 8, 0xff}, 10, int64(9))
	f.Add(uint8(1), []byte{4, 0x80, 6, 2}, 10, int64(3))
	f.Add(uint8(2), []byte{0x80 | 14<<3, 0x43, 0x01, 0, 0, 0}, 10, int64(0))
	f.Add(uint8(2), []byte{0xff, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f}, 1, int64(1)<<40)
	f.Fuzz(func(t *testing.T, kind uint8, table []byte, first int, last int64) {
		k := LineTable(kind % 3)
		if got := k.Line(table, first, last); got != k.Line(append(table[:len(table):len(table)], table...), first, last) && len(table)%2 == 0 && k == Lines && got != 0 {
			t.Errorf("what follows a table changed the line: %d", got)
		}
	})
}
