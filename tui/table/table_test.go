package table

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

type row struct {
	key  uint64
	n    float64
	name string
}

func newTable(rows ...row) *Table[row] {
	t := &Table[row]{
		Key: func(r *row) uint64 { return r.key },
		Columns: []Column[row]{
			{Title: "n", Field: "n", Width: 5, Value: func(r *row) float64 { return r.n }, Falling: true},
			{Title: "name", Field: "name", Width: 6, Grow: 1, Text: func(r *row) string { return r.name }},
			{Title: "more", Field: "more", Width: 8, Leave: 2},
			{Title: "wide", Field: "wide", Width: 4, From: 60, Leave: 1, Value: func(r *row) float64 { return -r.n }},
		},
	}
	t.Set(rows)
	return t
}

func keys(t *Table[row]) []uint64 {
	var out []uint64
	for i := range t.Len() {
		out = append(out, t.Row(i).key)
	}
	return out
}

var four = []row{{1, 5, "b"}, {2, 9, "a"}, {3, 5, "c"}, {4, 0, "a"}}

func TestSort(t *testing.T) {
	for _, c := range []struct {
		field   string
		falling bool
		want    []uint64
	}{
		{"n", true, []uint64{2, 1, 3, 4}}, // equal ones in the order of their keys
		{"n", false, []uint64{4, 1, 3, 2}},
		{"name", false, []uint64{2, 4, 1, 3}},
		{"name", true, []uint64{3, 1, 2, 4}},
	} {
		tab := newTable(four...)
		if !tab.Sort(c.field, c.falling) {
			t.Fatalf("%s does not sort", c.field)
		}
		if got := keys(tab); !slices.Equal(got, c.want) {
			t.Errorf("by %s, falling %v: %v, want %v", c.field, c.falling, got, c.want)
		}
	}
	tab := newTable(four...)
	for _, field := range []string{"more", "nothing"} {
		if tab.Sort(field, true) {
			t.Errorf("sorted by %s", field)
		}
	}
}

func TestTextOrderIsKeptOverReadings(t *testing.T) {
	tab := newTable(four...)
	tab.Sort("name", false)
	tab.Set(append(slices.Clone(four), row{5, 1, "aa"}))
	if got, want := keys(tab), []uint64{2, 4, 5, 1, 3}; !slices.Equal(got, want) {
		t.Errorf("with a new row: %v, want %v", got, want)
	}
	tab.Set(four[:2])
	if got, want := keys(tab), []uint64{2, 1}; !slices.Equal(got, want) {
		t.Errorf("with fewer rows: %v, want %v", got, want)
	}
}

func TestTextsBeginAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var rows []row
	for i := range 5000 {
		name := "/usr/lib/"
		for range r.IntN(5) {
			name += []string{"python3.14/", "x", "\x00", "site-packages/", "a-very-long-directory/"}[r.IntN(5)]
		}
		rows = append(rows, row{key: uint64(i + 1), name: name})
	}
	for _, falling := range []bool{false, true} {
		tab := newTable(rows...)
		tab.Sort("name", falling)
		for i := 1; i < tab.Len(); i++ {
			a, b := tab.Row(i-1), tab.Row(i)
			if a.name == b.name && a.key > b.key || a.name != b.name && a.name > b.name != falling {
				t.Fatalf("falling %v: %q (%d) before %q (%d)", falling, a.name, a.key, b.name, b.key)
			}
		}
	}
}

func TestCursorStaysOnItsRow(t *testing.T) {
	tab := newTable(four...)
	tab.Sort("n", true)
	if _, ok := tab.Cursor(); ok {
		t.Fatal("there is a cursor before it was moved")
	}
	tab.Move(1, 2)
	if i, _ := tab.Cursor(); i != 0 {
		t.Errorf("it appears at %d", i)
	}
	tab.Move(1, 2)
	tab.Set([]row{{1, 1, "b"}, {2, 9, "a"}, {3, 5, "c"}, {4, 7, "a"}})
	if i, ok := tab.Cursor(); !ok || tab.Row(i).key != 1 || i != 3 {
		t.Errorf("after its rank changed it is at %d", i)
	}
	if tab.Offset(2) != 0 {
		t.Error("it dragged the view along")
	}
	tab.Move(-1, 2)
	if i, _ := tab.Cursor(); i != 2 || tab.Offset(2) != 1 {
		t.Errorf("moved to %d, view at %d", i, tab.Offset(2))
	}
	tab.Filter(func(r *row) bool { return r.name == "a" })
	if _, ok := tab.Cursor(); ok {
		t.Error("it is on a row that does not match")
	}
	tab.Filter(nil)
	if i, ok := tab.Cursor(); !ok || tab.Row(i).key != 3 {
		t.Error("it did not come back")
	}
	tab.Release()
	if _, ok := tab.Cursor(); ok || tab.Offset(2) != 0 {
		t.Error("it was not let go")
	}
}

func TestScroll(t *testing.T) {
	tab := newTable(four...)
	tab.Scroll(100, 3)
	if got := tab.Offset(3); got != 1 {
		t.Errorf("scrolled to %d", got)
	}
	tab.Scroll(-1, 3)
	if got := tab.Offset(3); got != 0 {
		t.Errorf("scrolled back to %d", got)
	}
	tab.Move(-1, 3)
	if i, _ := tab.Cursor(); i != 2 {
		t.Errorf("moving up first puts the cursor at %d, not at the view's end", i)
	}
	empty := newTable()
	empty.Move(1, 3)
	empty.Place(2)
	empty.Scroll(1, 3)
	if _, ok := empty.Cursor(); ok {
		t.Error("an empty table has a cursor")
	}
}

func TestFind(t *testing.T) {
	tab := newTable(row{key: 2}, row{key: 5}, row{key: 9})
	if r := tab.Find(5); r == nil || r.key != 5 {
		t.Error("5 is not found")
	}
	if tab.Find(4) != nil || tab.Find(10) != nil {
		t.Error("found what is not there")
	}
}

func TestLayout(t *testing.T) {
	tab := newTable()
	for width, want := range map[int]string{
		80: "n:0+5 name:7+55 more:64+8 wide:74+6",
		40: "n:0+5 name:7+23 more:32+8",
		22: "n:0+5 name:7+15",
		13: "n:0+5 name:7+6",
		10: "n:0+5 name:7+3",
	} {
		got := ""
		for _, p := range tab.Layout(width, 2) {
			got += fmt.Sprintf(" %s:%d+%d", p.Field, p.X, p.Width)
		}
		if width == 80 {
			want = "n:0+5 name:7+57 more:66+8 wide:76+4"
		}
		if got[1:] != want {
			t.Errorf("%d: %s, want %s", width, got[1:], want)
		}
	}
	tab.Sort("wide", true)
	got := ""
	for _, p := range tab.Layout(24, 2) {
		got += " " + p.Field
	}
	if got != " n name wide" {
		t.Errorf("sorted by a column that would be left out:%s", got)
	}
}

func benchmarkSort(b *testing.B, field string) {
	rows := make([]row, 65536)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		rows[i] = row{uint64(i + 1), float64(r.IntN(5000)), fmt.Sprintf("module%d.function%d", r.IntN(100), r.IntN(100000))}
	}
	t := newTable()
	t.Set(rows)
	t.Sort(field, true)
	b.ReportAllocs()
	for b.Loop() {
		for i := 0; i < len(rows); i += 7 {
			rows[i].n = float64(r.IntN(5000))
		}
		t.Set(rows)
	}
}

func BenchmarkSort65536ByValue(b *testing.B) { benchmarkSort(b, "n") }
func BenchmarkSort65536ByText(b *testing.B)  { benchmarkSort(b, "name") }
