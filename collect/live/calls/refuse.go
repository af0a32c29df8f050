package calls

import (
	"errors"
	"fmt"

	"pytop/bpf"
	"pytop/collect/live/target"
)

// Refuse detaches processes at whose sites no code objects were found, as of
// the last poll, and returns why. Nothing of them is counted any longer.
func (c *Calls) Refuse() error {
	var errs []error
	for _, p := range c.all() {
		if n := p.State.Lost[bpf.LostNotCode]; n > 0 && p.links != nil {
			err := fmt.Errorf("process %d, CPython %s (%s): %w: %d times", p.Info.PID, p.Info.Python, p.Build.Method(), target.ErrNotCode, n)
			c.fail(p, err)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
