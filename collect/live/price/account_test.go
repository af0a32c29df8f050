package price

import (
	"testing"
	"time"
)

// TestPay: calls and the GIL share what was used, by their prices, and never
// pay more than that.
func TestPay(t *testing.T) {
	for _, c := range []struct{ calls, gil, used, wantCalls, wantGIL time.Duration }{
		{0, 0, 100, 0, 0},
		{50, 0, 100, 81, 0},
		{0, 50, 100, 0, 81},
		{25, 25, 100, 41, 40},
		{300, 100, 100, 75, 25},
		{30, 10, 0, 30, 10}, // the time used is not known yet
	} {
		list := []Account{{}, {}}
		list[0].Add(c.calls)
		list[1].Add(c.gil)
		Pay(list, c.used)
		if calls, gil := &list[0], &list[1]; calls.Overhead != c.wantCalls || gil.Overhead != c.wantGIL || calls.tail != 0 || gil.tail != 0 {
			t.Errorf("%+v: calls %d, GIL %d", c, calls.Overhead, gil.Overhead)
		}
	}
}
