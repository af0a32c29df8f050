package format

import (
	"fmt"
	"strconv"
	"time"
)

// Clock writes a time of day.
func Clock(t time.Time) string { return t.Format("15:04:05") }

// Interval writes how often something is read: "0.5 s", "1 s", "60 s".
func Interval(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
}

// Duration writes a short time with at most three digits: "212 ms".
func (s *Signs) Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Microsecond:
		return strconv.FormatInt(int64(d), 10) + " ns"
	case d < 999500*time.Nanosecond:
		return three(float64(d)/1e3) + " " + s.Micro
	case d < 999500*time.Microsecond:
		return three(float64(d)/1e6) + " ms"
	case d < time.Minute:
		return three(d.Seconds()) + " s"
	}
	return Span(d)
}

// Span writes a long time in its two largest units: "3 min 15 s".
func Span(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, d/time.Second))
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	const day = 24 * time.Hour
	return fmt.Sprintf("%d d %02d h", d/day, d%day/time.Hour)
}

// Gap writes from when to when something was missing.
func (s *Signs) Gap(from, to time.Time) string { return Clock(from) + s.To + Clock(to) }

// three writes v, below 1,000, with at most three digits.
func three(v float64) string {
	digits := 0
	switch {
	case v < 9.995:
		digits = 2
	case v < 99.95:
		digits = 1
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	return trimZeros(text, digits)
}

// trimZeros takes needless zeros from the end of a decimal.
func trimZeros(text string, digits int) string {
	if digits == 0 {
		return text
	}
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	if text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	return text
}

// Rough writes a measured interval without its last digits: "5 s", "0.2 s".
func Rough(d time.Duration) string {
	if d >= 10*time.Second {
		return Span(d)
	}
	return three(float64(d.Round(100*time.Millisecond))/1e9) + " s"
}
