package format

import (
	"math"
	"strings"
)

// Chart draws values, oldest first, as a line over width × height cells,
// top row first, between 0 and top. A value keeps its width until the next:
// they are means of equal stretches of time. NaN leaves a hole.
func (s *Signs) Chart(values []float64, top float64, width, height int) []string {
	if width <= 0 || height <= 0 {
		return nil
	}
	if s.braille {
		return brailleChart(values, top, width, height)
	}
	return plainChart(values, top, width, height)
}

// dots of a braille cell, by row from the top, left and right.
var dots = [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func brailleChart(values []float64, top float64, width, height int) []string {
	cells := make([][]rune, height)
	for y := range cells {
		cells[y] = make([]rune, width)
	}
	set := func(x, y int) { // y from the bottom
		row := height*4 - 1 - y
		cells[row/4][x/2] |= dots[row%4][x%2]
	}
	before := -1
	for x := range width * 2 {
		y := level(valueAt(values, x, width*2), top, height*4)
		if y < 0 {
			before = -1
			continue
		}
		set(x, y)
		if before >= 0 { // join steps, so that the line does not fall apart
			for j := min(before, y) + 1; j < max(before, y); j++ {
				set(x, j)
			}
		}
		before = y
	}
	lines := make([]string, height)
	for y, row := range cells {
		var b strings.Builder
		for _, r := range row {
			if r == 0 {
				b.WriteByte(' ')
			} else {
				b.WriteRune(0x2800 + r)
			}
		}
		lines[y] = b.String()
	}
	return lines
}

func plainChart(values []float64, top float64, width, height int) []string {
	rows := make([][]byte, height)
	for y := range rows {
		rows[y] = []byte(strings.Repeat(" ", width))
	}
	for x := range width {
		y := level(valueAt(values, x, width), top, height)
		if y < 0 {
			continue
		}
		rows[height-1-y][x] = '*'
	}
	lines := make([]string, height)
	for y, row := range rows {
		lines[y] = string(row)
	}
	return lines
}

// valueAt is what column x of width columns shows.
func valueAt(values []float64, x, width int) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return values[x*len(values)/width]
}

// level is how many steps from the bottom v lies, of steps; -1 for NaN.
func level(v, top float64, steps int) int {
	if math.IsNaN(v) {
		return -1
	}
	if top <= 0 || v <= 0 {
		return 0
	}
	return max(0, min(int(math.Round(v/top*float64(steps-1))), steps-1))
}

// RoundTop is the end of an axis that holds v: 1, 1.5, 2, 3, 4, 5, 6 or 8
// times a power of ten.
func RoundTop(v float64) float64 {
	if !(v > 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8} {
		if v <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}
