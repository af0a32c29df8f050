package export

import (
	"bufio"
	"io"

	"pytop/collect"
)

// Writer writes the snapshots of a run one after the other. Its errors are
// *WriteError, after which nothing more is to be written. It is not safe for use
// by several goroutines; see Queue.
type Writer interface {
	// Write takes the next snapshot, which is not to be changed afterwards.
	Write(s *collect.Snapshot) error
	// Close writes what is still to be written. It does not close the
	// stream below.
	Close() error
}

// NewWriter returns the writer of a format. JSON keeps the last snapshot and
// writes it at the end as the object of the whole run; the others write each
// snapshot at once.
func NewWriter(w io.Writer, format Format, o Options) (Writer, error) {
	out := newStream(w)
	switch format {
	case JSON:
		return &lastWriter{out: out, options: o}, nil
	case JSONL:
		return &lineWriter{out: out, options: o}, nil
	case CSV:
		return &csvWriter{out: out, options: o}, nil
	}
	return nil, &FormatError{Text: string(format)}
}

// lastWriter writes the last snapshot as JSON.
type lastWriter struct {
	out     *stream
	options Options
	last    *collect.Snapshot
}

func (w *lastWriter) Write(s *collect.Snapshot) error {
	w.last = s
	return nil
}

func (w *lastWriter) Close() error {
	if w.last == nil {
		return nil
	}
	s := w.last
	w.last = nil
	return w.out.whole(func(out *bufio.Writer) error { return writeJSON(out, s, w.options, "\n") })
}

// lineWriter writes JSON Lines.
type lineWriter struct {
	out     *stream
	options Options
}

func (w *lineWriter) Write(s *collect.Snapshot) error {
	return w.out.whole(func(out *bufio.Writer) error { return writeJSON(out, s, w.options, "") })
}

func (w *lineWriter) Close() error { return nil }

// csvWriter writes the functions of each snapshot, under one header.
type csvWriter struct {
	out     *stream
	options Options
	begun   bool
}

func (w *csvWriter) Write(s *collect.Snapshot) error {
	header := !w.begun
	w.begun = true
	return w.out.whole(func(out *bufio.Writer) error { return functionsTable.write(out, s, w.options, header) })
}

func (w *csvWriter) Close() error { return nil }
