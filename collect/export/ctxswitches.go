package export

import (
	"encoding/csv"
	"iter"
	"strconv"

	"pytop/collect"
)

type ctxSwitchesJSON struct {
	PID             int      `json:"pid"`
	TID             int      `json:"tid"`
	Name            string   `json:"name"`
	Voluntary       uint64   `json:"voluntary"` // since the thread started, as involuntary
	VoluntaryPerS   *float64 `json:"voluntary_per_s"`
	Involuntary     uint64   `json:"involuntary"`
	InvoluntaryPerS *float64 `json:"involuntary_per_s"`
}

var ctxSwitchesSection = section{
	name: "ctx_switches",
	when: ctxSwitchesMeasured,
	rows: func(s *collect.Snapshot, _ Options) iter.Seq[any] {
		return each(s.CtxSwitches, func(t *collect.ThreadSwitchesRow) any { return ctxSwitchesOf(t) })
	},
	tables: []table{{
		name:   "ctx_switches",
		header: []string{"seq", "time", "pid", "tid", "name", "voluntary", "voluntary_per_s", "involuntary", "involuntary_per_s"},
		when:   ctxSwitchesMeasured,
		rows:   ctxSwitchesRows,
	}},
}

func ctxSwitchesMeasured(s *collect.Snapshot) bool { return s.CtxSwitches != nil }

func ctxSwitchesOf(t *collect.ThreadSwitchesRow) ctxSwitchesJSON {
	row := ctxSwitchesJSON{PID: t.PID, TID: t.TID, Name: text(t.Name), Voluntary: t.Voluntary, Involuntary: t.Involuntary}
	if t.Counting {
		row.VoluntaryPerS, row.InvoluntaryPerS = number(t.VoluntaryPerS), number(t.InvoluntaryPerS)
	}
	return row
}

func ctxSwitchesRows(w *csv.Writer, s *collect.Snapshot, _ Options) error {
	for i := range s.CtxSwitches {
		r := ctxSwitchesOf(&s.CtxSwitches[i])
		err := w.Write([]string{strconv.Itoa(s.Seq), timestamp(s.Time), strconv.Itoa(r.PID), strconv.Itoa(r.TID), cell(r.Name),
			strconv.FormatUint(r.Voluntary, 10), decimal(r.VoluntaryPerS), strconv.FormatUint(r.Involuntary, 10), decimal(r.InvoluntaryPerS)})
		if err != nil {
			return err
		}
	}
	return nil
}
