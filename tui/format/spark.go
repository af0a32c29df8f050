package format

import (
	"math"
	"strings"
)

// Spark draws values, oldest first, one cell each, between 0 and their
// largest; what was not measured (NaN) leaves its cell empty.
func (s *Signs) Spark(values []float64) string {
	top := 0.0
	for _, v := range values {
		if v > top {
			top = v
		}
	}
	var b strings.Builder
	b.Grow(3 * len(values))
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			b.WriteByte(' ')
		case top == 0:
			b.WriteString(s.levels[0])
		default:
			i := int(v / top * float64(len(s.levels)-1)) // only the largest is full
			b.WriteString(s.levels[max(0, i)])
		}
	}
	return b.String()
}

// Bar draws a share (0..1) as a bar of width cells.
func (s *Signs) Bar(share float64, width int) string {
	eighths := int(math.Round(max(0, min(1, share)) * float64(width*8)))
	full := eighths / 8
	text := strings.Repeat(s.bar[8], full)
	if full < width {
		text += s.bar[eighths%8]
	}
	return Left(text, width)
}
