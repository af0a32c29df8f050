package collect

import (
	"testing"
	"time"
)

// A process's GIL is the one held most; where none was followed in the
// interval, or all was let go, its share is not known rather than 0.
func TestHoldProcesses(t *testing.T) {
	at := time.Unix(1000, 0)
	process := func(pid int, status GILStatus) ProcessReading {
		return ProcessReading{Process: &Process{PID: pid}, GIL: ProcessGIL{Status: status}}
	}
	gil := func(id uint64, pid int, held, measured time.Duration) GILReading {
		return GILReading{ID: id, PID: pid, Held: held, Measured: measured}
	}
	processes := []ProcessReading{process(1, GILExact), process(2, GILExact), process(3, GILOff), process(4, GILOff)}
	prev := &Reading{Time: at, Processes: processes, GILs: []GILReading{gil(1, 1, 0, time.Second), gil(2, 1, 0, time.Second), gil(3, 2, 0, time.Second), gil(4, 3, 0, time.Second)}}
	cur := &Reading{Time: at.Add(time.Second), Processes: processes, GILs: []GILReading{
		gil(1, 1, 250*time.Millisecond, 2*time.Second), gil(2, 1, 750*time.Millisecond, 2*time.Second), gil(3, 2, 0, 2*time.Second), gil(4, 3, 0, time.Second)}}
	want := []struct {
		share float64
		known bool
	}{{0.75, true}, {0, true}, {0, false}, {0, false}}
	for i, p := range Diff(prev, cur, 2).Processes {
		if p.GILHeldShare != want[i].share || p.GILHeldKnown != want[i].known {
			t.Errorf("process %d: %v, %v, want %v", p.Process.PID, p.GILHeldShare, p.GILHeldKnown, want[i])
		}
	}
}
