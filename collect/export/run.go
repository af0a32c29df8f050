package export

import (
	"context"
	"fmt"
	"slices"
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
// limits, or the context's end, and writes a snapshot of each interval, the
// first from when the source was ready. The last one holds everything up to
// that moment, and says why it is the last. It returns that one. When a
// reading fails, the last one is of the reading before, and the error is that.
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
	began := zero(first)
	before, now := began, first
	for seq := 1; ; seq++ {
		over := ""
		if !first.Final { // else nothing follows it
			select {
			case <-ctx.Done():
				over = "pytop was told to end"
			case <-deadline:
				over = "the time that was asked for is over"
			case <-o.Ended:
				over = "there is nothing more to count"
			case <-tick.C:
				if seq == o.Count {
					over = "as many readings as were asked for"
				}
			}
			read, failed := source.Read()
			if failed == nil {
				now = read
			} else {
				err, over = failed, fmt.Sprintf("reading failed: %v", failed)
			}
		}
		last := now.Final || over != ""
		if !o.Whole || last {
			since := before
			if o.Whole {
				since = began
			}
			s := collect.Diff(since, now, seq)
			if last && !s.Final {
				s.Final, s.EndReason = true, over
			}
			wrote := write(s)
			if err != nil { // that is why it ended, whatever became of the writing
				return s, err
			}
			if wrote != nil || last {
				return s, wrote
			}
		}
		before = now
	}
}

// zero is the reading when the source was ready: nothing was counted yet. The
// CPU time used until then, and what of it was tax, are first's: it was read
// right after.
func zero(first *collect.Reading) *collect.Reading {
	r := *first
	r.Time, r.Codes, r.ByThread = first.Since, nil, nil
	r.Processes = slices.Clone(first.Processes)
	for i := range r.Processes {
		p := &r.Processes[i]
		p.Counted, p.Calls, p.Resumes = 0, 0, 0
	}
	return &r
}
