package panetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"pytop/collect"
)

// Many is how many functions there are in Readings.
const Many = 65536

// Readings makes readings of 65,536 functions that are all called.
type Readings struct {
	r     *rand.Rand
	codes []*collect.Code
	Last  *collect.Reading
}

// NewReadings begins with a reading of no call.
func NewReadings() *Readings {
	m := &Readings{r: rand.New(rand.NewPCG(1, 2))}
	for i := range Many {
		m.codes = append(m.codes, &collect.Code{ID: uint64(i + 1), PID: 4711, Line: i % 2000,
			File:     fmt.Sprintf("/srv/app/.venv/lib/python3.14/site-packages/package%d/module%d.py", i%97, i%1013),
			Function: fmt.Sprintf("Class%d.method_%d", i%5003, i)})
	}
	m.Last = &collect.Reading{Time: Start, Since: Start, Host: "web-1", Codes: make([]collect.CodeCount, Many)}
	for i := range m.Last.Codes {
		m.Last.Codes[i].Code = m.codes[i]
	}
	m.Last.Processes = []collect.ProcessReading{{Process: &collect.Process{PID: 4711, Python: "3.14.6"}, State: collect.Running, Status: collect.Exact}}
	return m
}

// Next is a second later.
func (m *Readings) Next() *collect.Reading {
	r := *m.Last
	r.Time = r.Time.Add(time.Second)
	r.Codes = append([]collect.CodeCount{}, r.Codes...)
	p := r.Processes[0]
	p.Counted += time.Second
	for i := range r.Codes {
		n := uint64(m.r.IntN(20000))
		r.Codes[i].Calls += n
		p.Calls += n
	}
	r.Processes = []collect.ProcessReading{p}
	m.Last = &r
	return &r
}
