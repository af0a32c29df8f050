package launch

import (
	"bytes"
	"io"
	"slices"
	"sync"
)

// Bounds of a Log.
const (
	maxLines   = 10_000
	maxLogSize = 4 << 20  // bytes of all lines together
	maxLine    = 64 << 10 // a longer line is taken for several
)

// Log keeps the last lines of a command's output: at most 10,000, of 4 MiB
// together. It is an io.Writer, and safe for use by several goroutines. Lines
// are as the command wrote them, not sanitised for a terminal. CPython keeps
// back what it writes to a file until it has 8 KiB, unless it was started
// with -u.
type Log struct {
	mu      sync.Mutex
	lines   []string // oldest first
	size    int      // of lines, bytes
	open    []byte   // the last line, which has no end yet
	dropped uint64
	skipped uint64 // bytes that were not read
	blank   bool   // nothing but zeros came since
}

// Write adds output. It never fails.
func (l *Log) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(data)
	if l.blank { // zeros belong to what was skipped: a hole in the file, likely
		data = bytes.TrimLeft(data, "\x00")
		l.blank = len(data) == 0
	}
	for len(data) > 0 {
		line, rest, ended := bytes.Cut(data, []byte("\n"))
		if room := maxLine - len(l.open); len(line) > room {
			line, rest, ended = data[:room], data[room:], true
		}
		l.open = append(l.open, line...)
		data = rest
		if ended {
			l.add(string(l.open))
			l.open = l.open[:0]
		}
	}
	return n, nil
}

// skip notes that so much of the output, of any number of lines, is not read.
func (l *Log) skip(size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) > 0 {
		l.add(string(l.open))
		l.open = l.open[:0]
	}
	l.skipped += uint64(size)
	l.blank = true
}

// add adds a line and drops the oldest for which there is no room.
func (l *Log) add(line string) {
	l.lines = append(l.lines, line)
	l.size += len(line)
	for len(l.lines) > maxLines || l.size > maxLogSize {
		l.size -= len(l.lines[0])
		l.lines[0] = "" // append copies to a new array only now and then
		l.lines = l.lines[1:]
		l.dropped++
	}
}

// Tail returns the last n lines, oldest first, the one that is not yet ended
// among them; all that are kept if n is negative.
func (l *Log) Tail(n int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	if len(l.open) > 0 {
		lines = append(slices.Clip(lines), string(l.open))
	}
	if n >= 0 && n < len(lines) {
		lines = lines[len(lines)-n:]
	}
	return slices.Clone(lines)
}

// Dropped is how many lines are no longer kept.
func (l *Log) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// Skipped is how many bytes, besides, were not read: there came more at once
// than is kept.
func (l *Log) Skipped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.skipped
}

// WriteTo writes the lines that are kept, as the command wrote them.
func (l *Log) WriteTo(w io.Writer) (int64, error) {
	l.mu.Lock()
	var out bytes.Buffer
	for _, line := range l.lines {
		out.WriteString(line)
		out.WriteByte('\n')
	}
	out.Write(l.open)
	l.mu.Unlock()
	return out.WriteTo(w)
}
