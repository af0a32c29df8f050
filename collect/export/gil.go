package export

import (
	"encoding/csv"
	"iter"
	"strconv"

	"pytop/collect"
)

type gilJSON struct {
	PID          int      `json:"pid"`
	Interpreter  int64    `json:"interpreter"`
	Status       string   `json:"gil_status"`
	HolderTID    *int     `json:"holder_tid"`
	HeldFor      *float64 `json:"held_for_s"`
	AtLeast      bool     `json:"held_for_at_least"`
	Takes        *uint64  `json:"takes"`
	Switches     uint64   `json:"switches"`
	SwitchesPerS *float64 `json:"switches_per_s"`
	Forced       *uint64  `json:"forced"`
	ForcedPerS   *float64 `json:"forced_per_s"`
	Held         *float64 `json:"held_s"`
	HeldShare    *float64 `json:"held_share"`
	Wait         *float64 `json:"wait_s"`
	Measured     *float64 `json:"measured_s"`

	// The lists follow, one element at a time: pairs, blame, long_holds and
	// long_waits, the last ones, the oldest first.
	row *collect.GILRow
}

type pairJSON struct {
	From  *int   `json:"from_tid"` // null: a thread that ended long ago, or was not known
	To    *int   `json:"to_tid"`
	Count uint64 `json:"count"`
	// Seconds that to waited while from held it.
	Wait *float64 `json:"wait_s"`
}

type blameJSON struct {
	Function *string  `json:"function"` // null: its stack could not be read
	File     *string  `json:"file"`
	First    *int     `json:"line"`
	Wait     *float64 `json:"caused_wait_s"`
	Share    *float64 `json:"caused_wait_share"`
	TID      *int     `json:"tid"` // of who ran the stack

	stack []collect.Place // follows: that caused most of it, the innermost first
}

var gilSection = section{
	name:   "gil",
	rows:   gilsOf,
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
func gilsOf(s *collect.Snapshot, _ Options) iter.Seq[any] {
	if s.GILs == nil {
		return nil
	}
	return each(s.GILs, func(g *collect.GILRow) any { return gilOf(g) })
}

func gilOf(g *collect.GILRow) gilJSON {
	r := gilJSON{
		PID: g.PID, Interpreter: g.Interpreter, Status: string(g.Status), HolderTID: some(g.Holder), HeldFor: some(g.HeldFor.Seconds()), AtLeast: g.AtLeast,
		Switches: g.Switches, Held: seconds(g.Held), Measured: seconds(g.Measured), row: g,
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
	return r
}

// write writes the GIL and, behind the rest, its lists.
func (r gilJSON) write(e *encoder) {
	g := r.row
	known := g.Counting && !g.Estimated && g.Status != collect.GILSampled && g.Status != collect.GILOff
	e.open(r)
	e.member("pairs")
	e.list(each(g.PairRows, func(p *collect.GILPairRow) any {
		return pairJSON{some(p.FromTID), some(p.ToTID), p.Count, seconds(p.Wait)}
	}), "")
	e.member("blame")
	e.list(each(g.Blamed, func(b *collect.BlameRow) any { return blameOf(b, known) }), "")
	e.member("long_holds")
	e.list(each(g.LongHolds, longHoldOf), "")
	e.member("long_waits")
	e.list(each(g.LongWaits, longWaitOf), "")
	e.text("}")
}

// blameOf is what a function caused; its share of the interval is null unless
// that was measured all the time.
func blameOf(b *collect.BlameRow, known bool) blameJSON {
	row := blameJSON{Wait: seconds(b.Wait), TID: some(b.Thread), stack: b.Stack}
	if known {
		row.Share = number(b.Share)
	}
	if b.Place.Function != "" {
		row.Function, row.File, row.First = words(b.Place.Function), words(b.Place.File), some(b.Place.First)
	}
	return row
}

func (r blameJSON) write(e *encoder) {
	e.open(r)
	e.stack("stack", r.stack)
	e.text("}")
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
