package live

import (
	"errors"
	"fmt"

	"pytop/bpf"
)

// ErrNotCode says that what the sites held were no code objects: the build is
// not understood, whatever the proof of its sites said.
var ErrNotCode = errors.New("what its probes found were no code objects")

// refuse detaches processes at whose sites no code objects were found, as of
// the last poll, and returns why. Nothing of them is counted any longer.
func (s *Source) refuse() error {
	var errs []error
	for _, p := range s.order {
		if n := p.state.Lost[bpf.LostNotCode]; n > 0 && p.links != nil {
			err := fmt.Errorf("process %d, CPython %s (%s): %w: %d times", p.info.PID, p.info.Python, p.build.method(), ErrNotCode, n)
			s.fail(p, err)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
