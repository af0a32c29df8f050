package export

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// WriteError says that not everything was written, and what there is now.
type WriteError struct {
	Path string // empty: a stream without a name
	Err  error
	Left string // what there is now; empty: what was written ends with a whole snapshot
}

func (e *WriteError) Error() string {
	text := "write"
	if e.Path != "" {
		text += " " + e.Path
	}
	text += ": " + plain(e.Err).Error()
	if e.Left != "" {
		text += ": " + e.Left
	}
	return text
}

func (e *WriteError) Unwrap() error { return e.Err }

// stream is where records are written that are useless in part: a line of JSON
// Lines, a snapshot's rows of CSV, an object.
type stream struct {
	to   io.Writer
	out  *bufio.Writer
	sent int64 // bytes that to took
	end  int64 // of those, up to the end of the last whole record
}

func newStream(w io.Writer) *stream {
	s := &stream{to: w}
	s.out = bufio.NewWriterSize(counter{s}, 64<<10)
	return s
}

// counter counts what a stream's writer took: of the last write, on a full
// disk, a part.
type counter struct{ s *stream }

func (c counter) Write(data []byte) (int, error) {
	n, err := c.s.to.Write(data)
	c.s.sent += int64(n)
	return n, err
}

// whole writes a record. If that fails, the part of it that was written is
// taken back from a file of ours; of what is not ours it is said that it ends
// within a record. Nothing is to be written afterwards.
func (s *stream) whole(record func(out *bufio.Writer) error) error {
	err := record(s.out)
	if err == nil {
		err = s.out.Flush()
	}
	if err == nil {
		s.end = s.sent
		return nil
	}
	failed := &WriteError{Err: err}
	switch to := s.to.(type) {
	case *File:
		failed.Path, failed.Left = to.path, to.cut(s.end)
		return failed
	case *os.File:
		failed.Path = to.Name()
	}
	if s.sent > s.end {
		failed.Left = fmt.Sprintf("the last %d bytes are of a snapshot that is cut off", s.sent-s.end)
	}
	return failed
}
