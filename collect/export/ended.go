package export

import "pytop/collect"

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
	name:  "ended_processes",
	when:  func(s *collect.Snapshot) bool { return s.Final && len(s.Past) > 0 },
	value: func(s *collect.Snapshot) any { return endedOf(s) },
}

// endedOf lists the processes that ended before.
func endedOf(s *collect.Snapshot) []endedJSON {
	var list []endedJSON
	for _, p := range s.Past {
		row := endedJSON{
			PID: p.Process.PID, Python: text(p.Process.Python), Command: text(p.Process.Command), CallsStatus: string(p.Status), Reason: words(p.Reason),
			Calls: p.Calls, Resumes: p.Resumes, Counted: seconds(p.Counted),
		}
		if !p.Process.Start.IsZero() {
			row.Start = words(timestamp(p.Process.Start))
		}
		row.processGILJSON = processGILOf(&p.GIL)
		list = append(list, row)
	}
	return list
}
