package target

import (
	"testing"
	"time"

	"pytop/collect/live/inspect"
	"pytop/collect/proc"
)

// TestFilesForgotten: what was found out of a file that is no build's is
// forgotten, and of a build's those numbers that are met no more.
func TestFilesForgotten(t *testing.T) {
	now := time.Now()
	b := &Build{ID: proc.FileID{Inode: 1}}
	f := files{
		{Inode: 1}: {build: b, at: now.Add(-time.Hour)}, {Inode: 2}: {build: b, at: now.Add(-time.Hour)}, {Inode: 3}: {build: b, at: now},
		{Inode: 4}: {at: now.Add(-inspect.Doubt)}, {Inode: 5}: {at: now},
	}
	f.forget(now)
	for inode, want := range map[uint64]bool{1: true, 2: false, 3: true, 4: false, 5: true} {
		if _, got := f[proc.FileID{Inode: inode}]; got != want {
			t.Errorf("file %d is known: %v", inode, got)
		}
	}
}
