package tui

import (
	"sync"
	"time"
)

// gate counts the commands that are using the source, and lets none in once
// it is closed: after Run the source is the caller's alone.
type gate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

// enter is true when the source may be used; leave must follow.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.inside.Add(1)
	return true
}

func (g *gate) leave() { g.inside.Done() }

// close lets nobody in, and waits for those inside; false when that took
// longer than patience.
func (g *gate) close(patience time.Duration) bool {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	empty := make(chan struct{})
	go func() {
		g.inside.Wait()
		close(empty)
	}()
	select {
	case <-empty:
		return true
	case <-time.After(patience):
		return false
	}
}
