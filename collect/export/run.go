package export

import (
	"context"
	"time"

	"pytop/collect"
)

// RunOptions say how long Run reads.
type RunOptions struct {
	Delay    time.Duration // between readings
	Count    int           // readings; 0: no limit
	Duration time.Duration // of the run; 0: no limit
	// Ended is closed when there is nothing more to count; may be nil.
	Ended <-chan struct{}
	// Whole: one snapshot at the end, of all the time since the source was ready.
	Whole bool
}

// Run reads a source until there is nothing more to count, the options'
// limits, or the context's end, and writes a snapshot of each interval. The
// last one holds everything up to that moment. It returns that one.
func Run(ctx context.Context, source collect.Source, o RunOptions, write func(*collect.Snapshot) error) (*collect.Snapshot, error) {
	first, err := source.Read()
	if err != nil {
		return nil, err
	}
	var deadline <-chan time.Time
	if o.Duration > 0 {
		timer := time.NewTimer(o.Duration)
		defer timer.Stop()
		deadline = timer.C
	}
	tick := time.NewTicker(o.Delay)
	defer tick.Stop()
	ended := o.Ended
	before := first
	for seq := 1; ; seq++ {
		over := first.Final
		select {
		case <-ctx.Done():
			over = true
		case <-deadline:
			over = true
		case <-ended:
			over, ended = true, nil
		case <-tick.C:
			over = over || seq == o.Count
		}
		now, err := source.Read()
		if err != nil {
			return nil, err
		}
		over = over || now.Final
		if !o.Whole || over {
			since := before
			if o.Whole {
				since = first
			}
			s := collect.Diff(since, now, seq)
			s.Final = s.Final || over
			if err := write(s); err != nil || over {
				return s, err
			}
		}
		before = now
	}
}
