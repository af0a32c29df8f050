package export

import (
	"encoding/csv"
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

type placeJSON struct {
	File     string `json:"file"`
	Function string `json:"function"`
	Line     *int   `json:"line"` // that runs
}

// some is a pointer to a number, nil for zero, which it cannot be.
func some[T comparable](n T) *T {
	var zero T
	if n == zero {
		return nil
	}
	return &n
}

func threadsOf(s *collect.Snapshot) []threadJSON {
	if s.Threads == nil {
		return nil
	}
	sampled := sampledOf(s)
	rows := make([]threadJSON, len(s.Threads))
	for i := range s.Threads {
		t := &s.Threads[i]
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
			rows[i] = r
			continue
		}
		if t.Measured {
			r.Hold = seconds(t.Hold)
			if t.Counting {
				r.HoldShare = number(t.HoldShare)
			}
		}
		if t.Measured && !sampled[t.PID] { // reading its fields tells no more than who holds it
			r.Holds, r.HoldMax, r.Holding = &t.Holds, seconds(t.HoldMax), seconds(t.Holding)
			r.Waits, r.Wait, r.WaitMax, r.Waiting = &t.Waits, seconds(t.Wait), seconds(t.WaitMax), seconds(t.Waiting)
			r.Forced, r.Caused, r.HoldHist, r.WaitHist = &t.Forced, seconds(t.Caused), t.HoldHist, t.WaitHist
			if t.Counting {
				r.WaitShare = number(t.WaitShare)
			}
		}
		rows[i] = r
	}
	return rows
}

// sampledOf returns the PIDs of the processes whose GIL was sampled.
func sampledOf(s *collect.Snapshot) map[int]bool {
	sampled := map[int]bool{}
	for i := range s.GILs {
		sampled[s.GILs[i].PID] = sampled[s.GILs[i].PID] || s.GILs[i].Status == collect.GILSampled
	}
	return sampled
}

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

var gilTables = []table{
	{
		name: "threads",
		header: []string{"seq", "time", "pid", "tid", "name", "interpreter", "state", "function", "ended", "holds", "hold_s", "hold_max_s", "hold_share",
			"waits", "wait_s", "wait_max_s", "wait_share", "forced", "caused_wait_s", "cpu_s", "run_queue_s"},
		rows: threadRows,
	},
	{
		name:   "pairs",
		header: []string{"seq", "time", "pid", "interpreter", "from_tid", "to_tid", "count", "count_per_s"},
		rows:   pairRows,
	},
}

func threadRows(w *csv.Writer, s *collect.Snapshot, _ Options) error {
	seq, at := strconv.Itoa(s.Seq), timestamp(s.Time)
	for _, t := range threadsOf(s) {
		err := w.Write([]string{seq, at, strconv.Itoa(t.PID), integer(t.TID), cell(t.Name), integer(t.Interpreter), optional(t.State), cell(optional(t.Function)),
			strconv.FormatBool(t.Ended), whole(t.Holds), decimal(t.Hold), decimal(t.HoldMax), decimal(t.HoldShare), whole(t.Waits), decimal(t.Wait),
			decimal(t.WaitMax), decimal(t.WaitShare), whole(t.Forced), decimal(t.Caused), decimal(t.CPU), decimal(t.RunQueue)})
		if err != nil {
			return err
		}
	}
	return nil
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

// integer is a number, empty when it was not measured.
func integer[T int | int64](n *T) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(int64(*n), 10)
}

func optional(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
