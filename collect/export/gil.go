package export

import (
	"encoding/csv"
	"strconv"

	"pytop/collect"
)

type gilJSON struct {
	PID          int         `json:"pid"`
	Interpreter  int64       `json:"interpreter"`
	Status       string      `json:"gil_status"`
	HolderTID    *int        `json:"holder_tid"`
	HeldFor      *float64    `json:"held_for_s"`
	AtLeast      bool        `json:"held_for_at_least"`
	Takes        *uint64     `json:"takes"`
	Switches     uint64      `json:"switches"`
	SwitchesPerS *float64    `json:"switches_per_s"`
	Forced       *uint64     `json:"forced"`
	ForcedPerS   *float64    `json:"forced_per_s"`
	Held         *float64    `json:"held_s"`
	HeldShare    *float64    `json:"held_share"`
	Wait         *float64    `json:"wait_s"`
	Measured     *float64    `json:"measured_s"`
	Pairs        []pairJSON  `json:"pairs"`
	Blame        []blameJSON `json:"blame"`

	LongHolds []longHoldJSON `json:"long_holds"` // the last ones, the oldest first
	LongWaits []longWaitJSON `json:"long_waits"`
}

type pairJSON struct {
	From  *int   `json:"from_tid"` // null: a thread that ended long ago, or was not known
	To    *int   `json:"to_tid"`
	Count uint64 `json:"count"`
	// Seconds that to waited while from held it.
	Wait *float64 `json:"wait_s"`
}

type blameJSON struct {
	Function *string     `json:"function"` // null: its stack could not be read
	File     *string     `json:"file"`
	First    *int        `json:"line"`
	Wait     *float64    `json:"caused_wait_s"`
	Share    *float64    `json:"caused_wait_share"`
	TID      *int        `json:"tid"`   // of who ran the stack
	Stack    []placeJSON `json:"stack"` // that caused most of it, the innermost first
}

var gilSection = section{
	name:   "gil",
	value:  func(s *collect.Snapshot) any { return gilsOf(s) },
	tables: []table{pairsTable},
}

// pairsTable is which thread took a GIL from which.
var pairsTable = table{
	name:   "pairs",
	header: []string{"seq", "time", "pid", "interpreter", "from_tid", "to_tid", "count", "count_per_s"},
	when:   gilsMeasured,
	rows:   pairRows,
}

// gilsMeasured tells whether GILs were followed, if there were any.
func gilsMeasured(s *collect.Snapshot) bool { return s.GILs != nil }

// gilsOf is nil, which is null, when GILs were not followed.
func gilsOf(s *collect.Snapshot) []gilJSON {
	if s.GILs == nil {
		return nil
	}
	rows := make([]gilJSON, len(s.GILs))
	for i := range s.GILs {
		g := &s.GILs[i]
		r := gilJSON{
			PID: g.PID, Interpreter: g.Interpreter, Status: string(g.Status), HolderTID: some(g.Holder), HeldFor: some(g.HeldFor.Seconds()), AtLeast: g.AtLeast,
			Switches: g.Switches, Held: seconds(g.Held), Measured: seconds(g.Measured), Pairs: []pairJSON{}, Blame: []blameJSON{},
			LongHolds: longHoldsOf(g.LongHolds), LongWaits: longWaitsOf(g.LongWaits),
		}
		if g.Counting {
			r.SwitchesPerS, r.HeldShare = number(g.SwitchesPerS), number(g.HeldShare)
		}
		if g.Status != collect.GILSampled {
			r.Takes, r.Forced, r.Wait = &g.Takes, &g.Forced, seconds(g.Wait)
			if g.Counting {
				r.ForcedPerS = number(g.ForcedPerS)
			}
		}
		for _, p := range g.PairRows {
			r.Pairs = append(r.Pairs, pairJSON{some(p.FromTID), some(p.ToTID), p.Count, seconds(p.Wait)})
		}
		for _, b := range g.Blamed {
			r.Blame = append(r.Blame, blameOf(&b, g.Counting && !g.Estimated && g.Status != collect.GILSampled && g.Status != collect.GILOff))
		}
		rows[i] = r
	}
	return rows
}

// blameOf is what a function caused; its share of the interval is null unless
// that was measured all the time.
func blameOf(b *collect.BlameRow, known bool) blameJSON {
	row := blameJSON{Wait: seconds(b.Wait), TID: some(b.Thread), Stack: placesOf(b.Stack)}
	if known {
		row.Share = number(b.Share)
	}
	if b.Place.Function != "" {
		row.Function, row.File, row.First = words(b.Place.Function), words(b.Place.File), some(b.Place.First)
	}
	return row
}

func pairRows(w *csv.Writer, s *collect.Snapshot, _ Options) error {
	seq, at := strconv.Itoa(s.Seq), timestamp(s.Time)
	for i := range s.GILs {
		g := &s.GILs[i]
		for _, p := range g.PairRows {
			rate := ""
			if g.Counting && !g.Estimated {
				rate = decimal(number(p.PerS))
			}
			err := w.Write([]string{seq, at, strconv.Itoa(g.PID), strconv.FormatInt(g.Interpreter, 10), integer(some(p.FromTID)), integer(some(p.ToTID)),
				strconv.FormatUint(p.Count, 10), rate})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
