package calls

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
		p := &process{tail: c.calls, gilTail: c.gil}
		p.pay(c.used)
		if p.tax != c.wantCalls || p.gilTax != c.wantGIL || p.tail != 0 || p.gilTail != 0 {
			t.Errorf("%+v: calls %d, GIL %d", c, p.tax, p.gilTax)
		}
	}
}
