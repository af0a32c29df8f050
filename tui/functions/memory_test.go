package functions

import (
	"runtime"
	"testing"

	"pytop/collect"
	"pytop/tui/panetest"
)

// TestHistoryMemory: the histories of 65,536 functions stay under 16 MB.
func TestHistoryMemory(t *testing.T) {
	source := panetest.NewReadings()
	var h history
	prev := source.Next()
	before := heap()
	for i := range 8 {
		cur := source.Next()
		h.add(collect.Diff(prev, cur, i+1))
		prev = cur
	}
	if got := int64(heap()) - int64(before); got > 16e6 {
		t.Errorf("%d bytes", got)
	}
	if v := h.last(1, 3); len(v) != 3 || v[2] == 0 {
		t.Errorf("the last points are %v", v)
	}
	runtime.KeepAlive(source)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
