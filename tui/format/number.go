package format

import (
	"math"
	"strconv"
)

// Count writes a count: in full with a comma up to 9,999, then three digits
// and a suffix.
func Count(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10)
	}
	if n < 10_000 {
		return comma(n)
	}
	return suffixed(float64(n))
}

// Rate writes a rate per second: one decimal below 10, where counts differ
// by more than that; then as Count. What is not 0 does not read 0.
func Rate(perS float64) string {
	switch {
	case !(perS > 0): // also NaN
		return "0"
	case perS < 0.05:
		return "<0.1"
	case perS < 9.95:
		return strconv.FormatFloat(perS, 'f', 1, 64)
	case perS < 9999.5:
		return Count(uint64(math.Round(perS)))
	}
	return suffixed(perS)
}

// Percent writes a share (0..1) for a table, without its sign: one decimal
// below 100. What is neither nothing nor all reads as neither.
func Percent(share float64) string {
	p := share * 100
	switch {
	case !(p > 0):
		return "0.0"
	case p < 0.05:
		return "<0.1"
	case p < 99.95:
		return strconv.FormatFloat(p, 'f', 1, 64)
	case p < 100:
		return ">99.9"
	}
	return strconv.FormatFloat(math.Round(p), 'f', 0, 64)
}

// HeadPercent writes a share (0..1) for the header, with its sign: a decimal
// only below 10, where it decides something. What is neither nothing nor all
// reads as neither.
func HeadPercent(share float64) string {
	p := share * 100
	switch {
	case !(p > 0):
		return "0 %"
	case p < 0.05:
		return "<0.1 %"
	case p < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	case p >= 99.5 && p < 100:
		return ">99 %"
	}
	return strconv.FormatFloat(math.Round(p), 'f', 0, 64) + " %"
}

// Bytes writes an amount of memory in decimal units.
func Bytes(n uint64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	v, i := float64(n), 0
	for v >= 999.5 && i < len(units)-1 {
		v /= 1000
		i++
	}
	digits := 0
	if i > 0 && v < 9.95 {
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + units[i]
}

func comma(n uint64) string {
	rest := strconv.FormatUint(n%1000, 10)
	return strconv.FormatUint(n/1000, 10) + "," + "000"[len(rest):] + rest
}

// suffixed writes three digits of v and a suffix; v is 1,000 or more.
func suffixed(v float64) string {
	const suffixes = "kMGTPEZY"
	i := -1
	// 999,950 would read 1000k with one decimal: go on where rounding would.
	for v >= 999.5 && i < len(suffixes)-1 {
		v /= 1000
		i++
	}
	digits := 0
	switch {
	case v < 9.995:
		digits = 2
	case v < 99.95:
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + suffixes[i:i+1]
}

// Exactly writes a count in full, with commas.
func Exactly(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Word is the word for so many: for one, or for several.
func Word[N int | uint64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Size writes columns by rows of a terminal.
func (s *Signs) Size(width, height int) string {
	return strconv.Itoa(width) + s.Times + strconv.Itoa(height)
}

// Whole writes an identifier: no commas.
func Whole(n int) string { return strconv.Itoa(n) }

// Hex writes a place in a file.
func Hex(n uint64) string { return "0x" + strconv.FormatUint(n, 16) }
