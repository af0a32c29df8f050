package proc

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// ErrSilent: what was read does not answer: memory or a file whose owner never
// provides it (userfaultfd, FUSE, a server that is gone).
var ErrSilent = errors.New("it does not answer when it is read")

const (
	// answerWithin is how long a read may take. One page takes microseconds, from
	// a slow disk some 10 ms; a busy machine may be later.
	answerWithin = 300 * time.Millisecond
	// silentFor is how long what did not answer is not asked again.
	silentFor = 10 * time.Second
	// mostSilent is how many reads may hang at once: each keeps a thread.
	mostSilent = 32
)

// asker reads what may never answer, so that it can be left behind: each read is
// in a goroutine of its own, which is used again when it has answered.
type asker struct {
	idle    chan chan func()
	hanging atomic.Int32

	mu     sync.Mutex
	silent map[any]time.Time // until when it is not asked
}

var reads = asker{idle: make(chan chan func(), 16), silent: map[any]time.Time{}}

// Within runs read, which does not touch what the caller has, and returns its
// result, unless that takes longer than the deadline: then read is left behind,
// and drop gets its result, should it come. whose is what does not answer then: it
// is not asked again for a while. errors.Is(err, ErrSilent).
func Within[T any](whose any, deadline time.Duration, read func() (T, error), drop func(T, error)) (none T, _ error) {
	if err := reads.refuses(whose); err != nil {
		return none, err
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	state := new(atomic.Int32) // 1: it has answered, 2: it was left behind
	reads.run(func() {
		value, err := read()
		if !state.CompareAndSwap(0, 1) {
			reads.hanging.Add(-1)
			if drop != nil {
				drop(value, err)
			}
		}
		done <- result{value, err}
	})
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-timer.C:
	}
	if !state.CompareAndSwap(0, 2) { // just now
		r := <-done
		return r.value, r.err
	}
	reads.hanging.Add(1)
	now := time.Now()
	reads.mu.Lock()
	maps.DeleteFunc(reads.silent, func(_ any, until time.Time) bool { return now.After(until) })
	reads.silent[whose] = now.Add(silentFor)
	reads.mu.Unlock()
	return none, fmt.Errorf("%w within %v", ErrSilent, deadline)
}

// refuses is why something is not asked.
func (a *asker) refuses(whose any) error {
	if a.hanging.Load() >= mostSilent {
		return fmt.Errorf("%w: %d others do not, either", ErrSilent, mostSilent)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	until, known := a.silent[whose]
	switch {
	case !known:
		return nil
	case time.Now().After(until):
		delete(a.silent, whose)
		return nil
	}
	return ErrSilent
}

// run runs f in a goroutine that is idle, or a new one.
func (a *asker) run(f func()) {
	select {
	case worker := <-a.idle:
		worker <- f
		return
	default:
	}
	worker := make(chan func(), 1)
	worker <- f
	go func() {
		for f := range worker {
			f()
			select {
			case a.idle <- worker:
			default:
				return // there are enough
			}
		}
	}()
}
