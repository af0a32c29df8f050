package price

import (
	"testing"
	"time"
)

// TestPerSecond: a rare hit takes 2 · realCode times its bare price, and
// no rate takes more than a core.
func TestPerSecond(t *testing.T) {
	p := Hit(500 * time.Nanosecond)
	for _, c := range []struct{ rate, least, most float64 }{
		{0, 0, 0}, {1000, 0.00114, 0.00115}, {50_000, 0.0566, 0.0568}, {1e6, 0.819, 0.82}, {1e8, 0.99, 1},
	} {
		if got := p.PerSecond(c.rate); got < c.least || got > c.most {
			t.Errorf("%.0f hits/s: %.4f", c.rate, got)
		}
	}
}
