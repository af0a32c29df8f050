package export

import (
	"slices"
	"sync"

	"pytop/collect"
)

// Queue writes snapshots in the background, so that reading goes on when the
// reader of a pipe is slow. When it falls behind, the oldest snapshots that
// wait are dropped: counts in those that follow are cumulative. The newest
// always waits.
type Queue struct {
	writer Writer
	depth  int

	mu      sync.Mutex
	more    sync.Cond
	waiting []*collect.Snapshot
	rows    int // of waiting
	closed  bool
	dropped uint64
	err     error
	done    chan struct{}
}

// mostRows bounds the functions and threads of snapshots that wait together,
// of which each takes some 150 bytes.
const mostRows = 1 << 18

// rowsOf is how much memory a snapshot takes, in rows.
func rowsOf(s *collect.Snapshot) int { return len(s.Functions) + len(s.Threads) }

// NewQueue returns a queue before w in which at most depth snapshots wait.
// Close it; it closes w.
func NewQueue(w Writer, depth int) *Queue {
	q := &Queue{writer: w, depth: max(1, depth), done: make(chan struct{})}
	q.more.L = &q.mu
	go q.run()
	return q
}

// Write hands over a snapshot and returns at once, with the error of an
// earlier one if there was any: nothing is written after that.
func (q *Queue) Write(s *collect.Snapshot) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return q.err
	}
	for len(q.waiting) >= q.depth || len(q.waiting) > 0 && q.rows+rowsOf(s) > mostRows {
		q.take()
		q.dropped++
	}
	q.waiting = append(q.waiting, s)
	q.rows += rowsOf(s)
	q.more.Signal()
	return nil
}

// Dropped is how many snapshots were not written since the reader was slow.
func (q *Queue) Dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Close writes what waits, closes the writer and returns the first error. It
// lasts as long as the reader takes.
func (q *Queue) Close() error {
	q.mu.Lock()
	q.closed = true
	q.more.Signal()
	q.mu.Unlock()
	<-q.done
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}

func (q *Queue) run() {
	defer close(q.done)
	for {
		s := q.next()
		var err error
		if s == nil {
			err = q.writer.Close()
		} else {
			err = q.writer.Write(s)
		}
		if err != nil {
			q.mu.Lock()
			q.err = err
			q.mu.Unlock()
		}
		if s == nil || err != nil {
			return
		}
	}
}

// next waits for a snapshot; nil when there is none to come.
func (q *Queue) next() *collect.Snapshot {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.more.Wait()
	}
	if len(q.waiting) == 0 {
		return nil
	}
	return q.take()
}

// take takes out the oldest snapshot.
func (q *Queue) take() *collect.Snapshot {
	s := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	q.rows -= rowsOf(s)
	return s
}
