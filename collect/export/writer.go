package export

import (
	"bufio"
	"fmt"
	"io"

	"pytop/collect"
)

// Writer writes the snapshots of a run one after the other. It is not safe
// for use by several goroutines; see Queue.
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
	out := bufio.NewWriterSize(w, 64<<10)
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
	out     *bufio.Writer
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
	if err := writeJSON(w.out, s, w.options, "\n"); err != nil {
		return err
	}
	return flush(w.out)
}

// lineWriter writes JSON Lines.
type lineWriter struct {
	out     *bufio.Writer
	options Options
}

func (w *lineWriter) Write(s *collect.Snapshot) error {
	if err := writeJSON(w.out, s, w.options, ""); err != nil {
		return err
	}
	return flush(w.out)
}

func (w *lineWriter) Close() error { return nil }

// csvWriter writes the functions of each snapshot, under one header.
type csvWriter struct {
	out     *bufio.Writer
	options Options
	begun   bool
}

func (w *csvWriter) Write(s *collect.Snapshot) error {
	if err := functionsTable.write(w.out, s, w.options, !w.begun); err != nil {
		return err
	}
	w.begun = true
	return flush(w.out)
}

func (w *csvWriter) Close() error { return nil }

func flush(out *bufio.Writer) error {
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
