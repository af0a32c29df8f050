package target_test

import (
	"testing"

	"pytop/collect/live/livetest"
)

// TestExecUnseen: of what exec'd and ended before it was known what it ran
// nothing is kept.
func TestExecUnseen(t *testing.T) {
	livetest.NeedRoot(t)
	_, c := livetest.ExecUnseen(t)
	livetest.NothingHeld(t, c.Host)
	c.Lock.Lock()
	defer c.Lock.Unlock()
	if n := c.Targets.Looked(); n > 0 {
		t.Errorf("%d that are no CPythons are kept", n)
	}
}
