package export

import (
	"encoding/csv"
	"iter"
	"strconv"

	"pytop/collect"
)

type threadJSON struct {
	PID         int      `json:"pid"`
	TID         *int     `json:"tid"` // null: all that ended long ago
	Name        string   `json:"name"`
	Interpreter *int64   `json:"interpreter"`
	State       *string  `json:"state"`
	Function    *string  `json:"function"`
	File        *string  `json:"file"`
	Line        *int     `json:"line"`
	Ended       bool     `json:"ended"`
	Holds       *uint64  `json:"holds"`
	Hold        *float64 `json:"hold_s"`
	HoldMax     *float64 `json:"hold_max_s"`
	HoldShare   *float64 `json:"hold_share"`
	Holding     *float64 `json:"holding_s"`
	Waits       *uint64  `json:"waits"`
	Wait        *float64 `json:"wait_s"`
	WaitMax     *float64 `json:"wait_max_s"`
	WaitShare   *float64 `json:"wait_share"`
	Waiting     *float64 `json:"waiting_s"`
	Forced      *uint64  `json:"forced"`
	Caused      *float64 `json:"caused_wait_s"`
	CPU         *float64 `json:"cpu_s"`
	RunQueue    *float64 `json:"run_queue_s"`
	HoldHist    []uint64 `json:"hold_hist"`
	WaitHist    []uint64 `json:"wait_hist"`
	// Of a process without a GIL; left out elsewhere.
	Pauses     *uint64  `json:"pauses,omitempty"`
	Pause      *float64 `json:"pause_s,omitempty"`
	PauseMax   *float64 `json:"pause_max_s,omitempty"`
	PauseShare *float64 `json:"pause_share,omitempty"`
	Parks      *uint64  `json:"parks,omitempty"` // that it waited for something else than a mutex or the world
	Park       *float64 `json:"park_s,omitempty"`
}

var threadsSection = section{
	name:   "threads",
	rows:   threadsJSON,
	tables: []table{threadsTable},
}

var threadsTable = table{
	name: "threads",
	header: []string{"seq", "time", "pid", "tid", "name", "interpreter", "state", "function", "ended", "holds", "hold_s", "hold_max_s", "hold_share",
		"waits", "wait_s", "wait_max_s", "wait_share", "forced", "caused_wait_s", "cpu_s", "run_queue_s"},
	when: gilsMeasured,
	rows: threadRows,
}

// threadsJSON is nil, which is null, when nothing was measured of threads.
func threadsJSON(s *collect.Snapshot, _ Options) iter.Seq[any] {
	if s.Threads == nil {
		return nil
	}
	sampled := sampledOf(s)
	return each(s.Threads, func(t *collect.ThreadRow) any { return threadOf(t, sampled[t.PID]) })
}

// threadOf is a thread's row; sampled: reading the fields of its GIL tells no
// more than who holds it.
func threadOf(t *collect.ThreadRow, sampled bool) threadJSON {
	r := threadJSON{PID: t.PID, TID: some(t.TID), Name: text(t.Name), State: words(t.State), Ended: t.Ended}
	if t.Interpreter >= 0 {
		r.Interpreter = &t.Interpreter
	}
	if t.Place.Function != "" {
		r.Function, r.File, r.Line = words(t.Place.Function), words(t.Place.File), some(t.Place.Line)
	}
	if t.CPUKnown {
		r.CPU, r.RunQueue = seconds(t.CPU), seconds(t.RunQueue)
	}
	if t.Measured && t.NoGIL {
		waitsOf(&r, t)
		return r
	}
	if t.Measured {
		r.Hold = seconds(t.Hold)
		if t.Counting {
			r.HoldShare = number(t.HoldShare)
		}
	}
	if t.Measured && !sampled {
		r.Holds, r.HoldMax, r.Holding = &t.Holds, seconds(t.HoldMax), seconds(t.Holding)
		r.Waits, r.Wait, r.WaitMax, r.Waiting = &t.Waits, seconds(t.Wait), seconds(t.WaitMax), seconds(t.Waiting)
		r.Forced, r.Caused, r.HoldHist, r.WaitHist = &t.Forced, seconds(t.Caused), t.HoldHist, t.WaitHist
		if t.Counting {
			r.WaitShare = number(t.WaitShare)
		}
	}
	return r
}

// sampledOf returns the PIDs of the processes whose GIL was sampled.
func sampledOf(s *collect.Snapshot) map[int]bool {
	sampled := map[int]bool{}
	for i := range s.GILs {
		sampled[s.GILs[i].PID] = sampled[s.GILs[i].PID] || s.GILs[i].Status == collect.GILSampled
	}
	return sampled
}

func threadRows(w *csv.Writer, s *collect.Snapshot, _ Options) error {
	seq, at, sampled := strconv.Itoa(s.Seq), timestamp(s.Time), sampledOf(s)
	for i := range s.Threads {
		t := threadOf(&s.Threads[i], sampled[s.Threads[i].PID])
		err := w.Write([]string{seq, at, strconv.Itoa(t.PID), integer(t.TID), cell(t.Name), integer(t.Interpreter), cell(optional(t.State)), cell(optional(t.Function)),
			strconv.FormatBool(t.Ended), whole(t.Holds), decimal(t.Hold), decimal(t.HoldMax), decimal(t.HoldShare), whole(t.Waits), decimal(t.Wait),
			decimal(t.WaitMax), decimal(t.WaitShare), whole(t.Forced), decimal(t.Caused), decimal(t.CPU), decimal(t.RunQueue)})
		if err != nil {
			return err
		}
	}
	return nil
}
