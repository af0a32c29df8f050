package export

import (
	"fmt"
	"io"
	"iter"

	"pytop/collect"
)

// section is one member of the object that a snapshot is in JSON. Its own file
// defines it, and sections lists it.
type section struct {
	name string
	// when tells whether it is there; nil: always. What was not measured is
	// there, and null.
	when  func(s *collect.Snapshot) bool
	value func(s *collect.Snapshot) any
	// rows yields the elements of a list, instead of value: they are written one
	// by one, so that however many there are, few are in memory. Nil is null.
	rows   func(s *collect.Snapshot, o Options) iter.Seq[any]
	lines  bool    // in files for people, each row has a line of its own
	tables []table // that it has in CSV
}

// sections is every section, in the order in which they are written.
//
// To add one: a file of its own with its row, how that is made and its section;
// and a line here. What was written before keeps its name and place.
var sections = []section{
	processesSection,
	endedSection,
	functionsSection,
	threadsSection,
	gilSection,
	worldsSection,
	notMeasured("gc"),
	notMeasured("imports"),
	probesSection,
	lostSection,
}

// notMeasured is a section that this version of pytop does not measure: null.
func notMeasured(name string) section {
	return section{name: name, value: func(*collect.Snapshot) any { return nil }}
}

// headJSON is what stands before the sections.
type headJSON struct {
	Schema    string   `json:"schema"`
	Version   string   `json:"pytop"`
	Time      string   `json:"time"`
	Since     string   `json:"since"`
	Seq       int      `json:"seq"`
	Interval  *float64 `json:"interval_s"`
	Final     bool     `json:"final"`
	EndReason *string  `json:"end_reason"`
	Host      string   `json:"host"`
}

func headOf(s *collect.Snapshot, version string) headJSON {
	return headJSON{
		Schema: collect.Schema, Version: version, Time: timestamp(s.Time), Since: timestamp(s.Since), Seq: s.Seq,
		Interval: seconds(s.Span()), Final: s.Final, EndReason: words(s.EndReason), Host: text(s.Host),
	}
}

// write writes the section's value; between separates rows that have lines of
// their own.
func (c *section) write(e *encoder, s *collect.Snapshot, o Options, between string) {
	if c.rows == nil {
		e.value(c.value(s))
		return
	}
	if !c.lines {
		between = ""
	}
	if rows := c.rows(s, o); rows != nil {
		e.list(rows, between)
	} else {
		e.value(nil)
	}
}

// writeJSON writes a snapshot as one object; between separates the functions'
// rows: a new line in files for people, nothing in JSON Lines. Names in it
// are as the target wrote them, with what is not text (invalid UTF-8, lone
// surrogates) as U+FFFD, and every code point that is invisible escaped.
func writeJSON(w io.Writer, s *collect.Snapshot, o Options, between string) error {
	e := newEncoder(w)
	e.open(headOf(s, o.Version))
	for i := range sections {
		c := &sections[i]
		if c.when != nil && !c.when(s) {
			continue
		}
		e.member(c.name)
		c.write(e, s, o, between)
	}
	e.text("}\n")
	if e.err != nil {
		return fmt.Errorf("write JSON: %w", e.err)
	}
	return nil
}
