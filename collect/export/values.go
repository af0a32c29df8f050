package export

import (
	"math"
	"time"
)

// A pointer that is nil is null: not measured, or not known.

// timestamp is a time as RFC 3339, in UTC, to the microsecond.
func timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000000Z07:00")
}

// words is a pointer to some text, nil if it is empty.
func words(s string) *string {
	if s == "" {
		return nil
	}
	s = text(s)
	return &s
}

// some is a pointer to a number, nil for zero, which it cannot be.
func some[T comparable](n T) *T {
	var zero T
	if n == zero {
		return nil
	}
	return &n
}

// seconds is a pointer to a duration in seconds, to the nanosecond.
func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}

// number is a pointer to a rate or a share, to six places; nil for what is no
// number.
func number(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	if rounded := math.Round(x*1e6) / 1e6; !math.IsInf(rounded, 0) {
		x = rounded
	}
	return &x
}
