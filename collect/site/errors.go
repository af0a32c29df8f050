package site

import "fmt"

// Error says why no sites were found: what was found instead, and what is
// missing for a proof.
type Error struct {
	Found   string
	Missing string
}

func (e *Error) Error() string {
	return fmt.Sprintf("find probe sites: found %s, missing %s", e.Found, e.Missing)
}
