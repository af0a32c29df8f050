package site

import (
	"os"
	"strings"
	"testing"

	"pytop/collect/elf"
)

// TestFindParking finds the calls in every CPython of this machine that
// exports _PyParkingLot_Park, with a GIL or without: one that begins a wait,
// and, where it is not folded into another, one that ends it.
func TestFindParking(t *testing.T) {
	found := 0
	for name, path := range pythons(t) {
		t.Run(name, func(t *testing.T) {
			f, err := elf.Open(path)
			if err != nil {
				t.Skip(err) // fetched for another reason than to be read
			}
			defer f.Close()
			start, ok := f.Symbol("_PyParkingLot_Park")
			if !ok {
				if _, err := FindParking(f); err == nil {
					t.Error("found in a file without a parking lot")
				}
				return
			}
			p, err := FindParking(f)
			if err != nil {
				t.Fatal(err)
			}
			found++
			for _, s := range append(p.Begin, p.End...) {
				t.Logf("park+%#x  %s", s.Address-start.Address, s.Text)
				if !s.Cheap || !strings.Contains(strings.ToLower(s.Text), "call") && !strings.HasPrefix(strings.ToLower(s.Text), "bl") {
					t.Errorf("not a cheap call: %+v", s)
				}
			}
			if err := ValidateSites(f, append(p.Begin, p.End...)); err != nil {
				t.Error(err)
			}
			if len(p.Begin) != 1 {
				t.Errorf("%d calls begin a wait", len(p.Begin))
			}
		})
	}
	if found == 0 && os.Getenv("CI") != "" {
		t.Error("no CPython here has a parking lot")
	}
}
