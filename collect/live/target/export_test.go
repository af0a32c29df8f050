package target

import "time"

// What tests that open a source look at, under its lock.

const (
	KeptCopy = keptCopy
	KeptOwn  = keptOwn
)

// Age makes builds that nobody uses as old as if so much more time had gone by,
// and lets it be looked at once for what can be given up.
func (s *Set) Age(by time.Duration) {
	s.releasing.at = time.Time{}
	for _, b := range s.Builds {
		if !b.unused.IsZero() {
			b.unused = b.unused.Add(-by)
		}
	}
}

// Releasing tells whether builds are being given up.
func (s *Set) Releasing() bool { return s.releasing.underWay }

// Files is of how many files it is known what they are.
func (s *Set) Files() int { return len(s.files) }

// Looked is how many processes are remembered that are no CPythons.
func (s *Set) Looked() int { return len(s.following.looked) }
