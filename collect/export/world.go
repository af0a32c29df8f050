package export

import (
	"iter"

	"pytop/collect"
)

type worldJSON struct {
	PID        int           `json:"pid"`
	Status     string        `json:"status"`
	Measured   *float64      `json:"measured_s"`
	Pauses     uint64        `json:"pauses"` // of all threads together that one at least felt
	PausesPerS *float64      `json:"pauses_per_s"`
	Pause      *float64      `json:"pause_s"`
	PauseMax   *float64      `json:"pause_max_s"`
	PauseShare *float64      `json:"pause_share"`
	Pausing    *float64      `json:"pausing_s"` // null: no pause goes on
	WaitsPerS  *float64      `json:"waits_per_s"`
	WaitShare  *float64      `json:"wait_share"` // of all threads; may be above 1
	StoppedBy  []stopperJSON `json:"stopped_by"`
}

type stopperJSON struct {
	TID      *int     `json:"tid"` // null: not known
	Pauses   uint64   `json:"pauses"`
	Pause    *float64 `json:"pause_s"`
	PauseMax *float64 `json:"pause_max_s"`
}

// worldsSection is the processes without a GIL.
var worldsSection = section{
	name: "free_threading",
	rows: worldsOf,
}

// worldsOf is nil, which is null, when there was no such process to follow.
func worldsOf(s *collect.Snapshot, _ Options) iter.Seq[any] {
	if s.Worlds == nil {
		return nil
	}
	return each(s.Worlds, worldOf)
}

func worldOf(w *collect.WorldRow) any {
	r := worldJSON{
		PID: w.PID, Status: string(w.Status), Measured: seconds(w.Measured), Pauses: w.Pauses, Pause: seconds(w.Pause), PauseMax: seconds(w.PauseMax),
		Pausing: some(w.Pausing.Seconds()), StoppedBy: []stopperJSON{},
	}
	if w.Counting {
		r.PausesPerS, r.PauseShare, r.WaitsPerS, r.WaitShare = number(w.PausesPerS), number(w.PauseShare), number(w.WaitsPerS), number(w.WaitShare)
	}
	for _, b := range w.StopperRows {
		r.StoppedBy = append(r.StoppedBy, stopperJSON{some(b.TID), b.Pauses, seconds(b.Pause), seconds(b.PauseMax)})
	}
	return r
}

// waitsOf sets what is measured of a thread whose process has no GIL: what is
// said of holds does not apply, and stays null.
func waitsOf(r *threadJSON, t *collect.ThreadRow) {
	r.Waits, r.Wait, r.WaitMax, r.Waiting, r.WaitHist = &t.Waits, seconds(t.Wait), seconds(t.WaitMax), seconds(t.Waiting), t.WaitHist
	r.Pauses, r.Pause, r.PauseMax, r.Parks, r.Park = &t.Pauses, seconds(t.Pause), seconds(t.PauseMax), &t.Parks, seconds(t.Park)
	if t.Counting {
		r.WaitShare, r.PauseShare = number(t.WaitShare), number(t.PauseShare)
	}
}
