package live

import "pytop/collect/live/target"

// Targets is what the source watches, for tests; see Locked.
func (s *Source) Targets() *target.Set { return s.targets }

// Locked does what reads it.
func (s *Source) Locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}
