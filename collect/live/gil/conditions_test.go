package gil

import (
	"os"
	"slices"
	"testing"
	"time"

	"pytop/collect/elf"
	"pytop/collect/live/target"
)

// TestConditionsReleased: a libc that no process uses is closed after a while.
func TestConditionsReleased(t *testing.T) {
	opened := func() *conditions {
		file, err := os.Open("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		e, err := elf.Open("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		return &conditions{file: file, elf: e}
	}
	files := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := files()
	listed, attached, unused := opened(), opened(), opened()
	attached.followed = 1 // its links are being closed
	all := &table{conditions: []*conditions{listed, attached, unused}, of: map[*target.Process]*followed{{}: {conditions: listed}, {Gone: "other"}: {}}}
	now := time.Now()
	release := func(at time.Time) {
		all.released = time.Time{} // it is looked at once
		all.releaseConditions(at)
	}
	release(now)
	release(now.Add(keptConditions - 1))
	if len(all.conditions) != 3 {
		t.Errorf("%d are left too early", len(all.conditions))
	}
	release(now.Add(keptConditions))
	if !slices.Equal(all.conditions, []*conditions{listed, attached}) {
		t.Errorf("%d are left, want those that are used", len(all.conditions))
	}
	for _, c := range all.conditions {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}
	if after := files(); after != before {
		t.Errorf("%d files are open, %d before", after, before)
	}
}
