package export

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// stuck is a stream whose reader does not read until it is let go.
type stuck struct{ let chan struct{} }

func (s stuck) Write(p []byte) (int, error) { <-s.let; return len(p), nil }

func TestQueueDropsOldest(t *testing.T) {
	let := make(chan struct{})
	var kept bytes.Buffer
	w, err := NewWriter(io.MultiWriter(stuck{let}, &kept), JSONL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := NewQueue(w, 2)
	for seq := 1; seq <= 10; seq++ {
		s := shop()
		s.Seq = seq
		if err := q.Write(s); err != nil {
			t.Fatal(err)
		}
		if seq == 1 { // taken out, and stuck in its write
			for len(q.peek()) > 0 {
				time.Sleep(time.Millisecond)
			}
		}
	}
	if q.Dropped() != 7 {
		t.Errorf("%d dropped, not 7", q.Dropped())
	}
	close(let)
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	for _, seq := range []string{`"seq":1,`, `"seq":9,`, `"seq":10,`} {
		if !strings.Contains(kept.String(), seq) {
			t.Errorf("%s is missing", seq)
		}
	}
}

func (q *Queue) peek() []*collect.Snapshot {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestQueueError(t *testing.T) {
	w, err := NewWriter(broken{}, JSONL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := NewQueue(w, 2)
	q.Write(shop())
	<-q.done
	if err := q.Write(shop()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write: %v", err)
	}
	if err := q.Close(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("close: %v", err)
	}
}

// TestQueueIsBounded: behind a reader who does not read, few large snapshots
// wait, and the newest always does.
func TestQueueIsBounded(t *testing.T) {
	let := make(chan struct{})
	var kept bytes.Buffer
	q := NewQueue(mustWriter(t, io.MultiWriter(stuck{let}, &kept), JSONL), 16)
	large := make([]collect.FunctionRow, mostRows/2)
	for i := range large {
		large[i].Code = &collect.Code{}
	}
	for seq := 1; seq <= 6; seq++ {
		s := shop()
		s.Seq = seq
		if seq > 1 {
			s.Functions = large
		}
		if seq == 6 {
			s.Functions = append(s.Functions, large...)
			s.Functions = append(s.Functions, large...)
		}
		if err := q.Write(s); err != nil {
			t.Fatal(err)
		}
		for seq == 1 && len(q.peek()) > 0 { // until it is taken out, and stuck in its write
			time.Sleep(time.Millisecond)
		}
		if seq == 5 && len(q.peek()) != 2 {
			t.Errorf("%d large snapshots wait, not 2", len(q.peek()))
		}
	}
	if n := len(q.peek()); n != 1 || q.Dropped() != 4 {
		t.Errorf("%d wait and %d were dropped, want 1 that is larger than the bound, and 4", n, q.Dropped())
	}
	close(let)
	if err := q.Close(); err != nil || !strings.Contains(kept.String(), `"seq":6,`) {
		t.Errorf("the last one is missing: %v", err)
	}
}
