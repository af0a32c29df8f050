package export

import (
	"iter"

	"pytop/collect"
)

// endedJSON is a process that ended and is no longer among the processes: in
// the last snapshot, so that it tells of all.
type endedJSON struct {
	PID         int      `json:"pid"`
	Start       *string  `json:"start"`
	Python      string   `json:"python"`
	Command     string   `json:"command"`
	CallsStatus string   `json:"calls_status"`
	Reason      *string  `json:"reason"`
	Calls       uint64   `json:"calls"`
	Resumes     uint64   `json:"resumes"`
	Counted     *float64 `json:"counted_s"`
	processGILJSON
}

var endedSection = section{
	name: "ended_processes",
	when: func(s *collect.Snapshot) bool { return s.Final && len(s.Past) > 0 },
	rows: func(s *collect.Snapshot, _ Options) iter.Seq[any] { return each(s.Past, endedOf) },
}

// endedOf is a process that ended before.
func endedOf(p *collect.ProcessReading) any {
	row := endedJSON{
		PID: p.Process.PID, Python: text(p.Process.Python), Command: text(p.Process.Command), CallsStatus: string(p.Status), Reason: words(p.Reason),
		Calls: p.Calls, Resumes: p.Resumes, Counted: seconds(p.Counted), processGILJSON: processGILOf(&p.GIL),
	}
	if !p.Process.Start.IsZero() {
		row.Start = words(timestamp(p.Process.Start))
	}
	return row
}
