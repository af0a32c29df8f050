package export

import "pytop/collect"

// processGILJSON is what a process's row says of its GIL; all of it is in gil[].
type processGILJSON struct {
	GILStatus *string  `json:"gil_status"` // null: not asked for
	GILReason *string  `json:"gil_reason"`
	Followed  *float64 `json:"gil_measured_s"` // null, as what follows: not measured
	Held      *float64 `json:"gil_held_s"`
}

func processGILOf(g *collect.ProcessGIL) processGILJSON {
	row := processGILJSON{GILStatus: words(string(g.Status)), GILReason: words(g.Reason)}
	if g.Measured > 0 {
		row.Followed, row.Held = seconds(g.Measured), seconds(g.Held)
	}
	return row
}
