package live

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

// TestGILPerSecond: a rare hit takes 2 · realCode times its bare price, and
// no rate takes more than a core.
func TestGILPerSecond(t *testing.T) {
	p := gilPrice{hit: 500 * time.Nanosecond}
	for _, c := range []struct{ rate, least, most float64 }{
		{0, 0, 0}, {1000, 0.00114, 0.00115}, {50_000, 0.0566, 0.0568}, {1e6, 0.819, 0.82}, {1e8, 0.99, 1},
	} {
		if got := p.perSecond(c.rate); got < c.least || got > c.most {
			t.Errorf("%.0f hits/s: %.4f", c.rate, got)
		}
	}
}
