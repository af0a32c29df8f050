package functions

import (
	"math"

	"pytop/tui/format"
)

func causedCell(signs *format.Signs, f *function) string {
	if !f.CausedKnown {
		return signs.Unknown
	}
	text := format.HeadPercent(f.CausedShare)
	if f.bounded {
		text = signs.AtLeast + text
	}
	return text
}

func causedOrder(f *function) float64 {
	if !f.CausedKnown {
		return -1
	}
	return f.CausedShare
}

// placeCell is the full path where there is room, else what of it tells most.
func placeCell(signs *format.Signs, f *function, width int) string {
	if full := format.FullPlace(f.Code.File, f.Code.Line); format.Width(full) <= width {
		return full
	}
	return format.FilePlace(f.Code.File, f.Code.Line).Fit(signs, width).String()
}

// rateOrder sorts by a rate. Rows at 0 follow, first what went there last,
// then by their total, which does not change; then those not measured.
func rateOrder(f *function, v float64) float64 {
	switch {
	case !f.counted:
		return -100 + totalOrder(f)
	case v > 0:
		return v
	}
	return -float64(f.quiet) - 1 + totalOrder(f)
}

// totalOrder maps a row's total to 0..1, more calls to more.
func totalOrder(f *function) float64 { return math.Log2(float64(f.Calls)+1) / 65 }

func resumesOrder(f *function) float64 {
	if !f.HasResumes {
		return -1000 + totalOrder(f)
	}
	return rateOrder(f, f.ResumesPerS)
}

func rateCell(signs *format.Signs, f *function, v float64) string {
	if f.Code.PID == 0 && !f.counted {
		return signs.None // what they did is done
	}
	if !f.counted {
		return signs.Unknown
	}
	return certainty(signs, f.Status) + format.Rate(v)
}

func shareCell(signs *format.Signs, f *function) string {
	if !f.counted {
		return signs.Unknown
	}
	return format.Percent(f.CallsShare)
}

func resumesCell(signs *format.Signs, f *function) string {
	if !f.HasResumes {
		return signs.None
	}
	return rateCell(signs, f, f.ResumesPerS)
}

func resumesTotal(signs *format.Signs, f *function) string {
	if !f.HasResumes {
		return signs.None
	}
	return certainty(signs, f.Status) + format.Count(f.Resumes)
}
