package calls

import (
	"errors"
	"fmt"

	"pytop/bpf"
	"pytop/collect/cpython"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
	"pytop/collect/site"
)

// Inspect says how a process's calls would be counted.
func (c *Calls) Inspect(p *target.Process) (probe.Finding, error) {
	price := c.build(p.Build).price
	return probe.Finding{
		How:  p.Build.Method(),
		Cost: fmt.Sprintf("at least %d ns a call, %d ns a resume", price.call.Nanoseconds(), price.resume.Nanoseconds()),
	}, nil
}

// Try loads the programs for a made-up build, attaches one to pytop itself and
// counts.
func (c *Calls) Try() (_ probe.Finding, err error) {
	made := &target.Build{
		Plan:    &site.Plan{Calls: []site.Site{{Code: 0, Frame: 3, Next: site.None, Throw: site.None}}},
		Offsets: bpf.PyOffsets{CodeMask: ^uint64(0), FrameInstr: 56, ResumeMask: 3, ObjectType: 8, TypeName: 24, CodeFlags: 48, StrKindShift: 2},
		Python:  &cpython.Python{},
	}
	if err := c.Prepare(made); err != nil {
		return probe.Finding{}, err
	}
	price, end := c.build(made).price, c.Release(made)
	found := probe.Finding{
		How:  "uprobe_multi",
		Cost: fmt.Sprintf("a call takes %d ns in a short loop on this machine, a resume %d ns", price.call.Nanoseconds(), price.resume.Nanoseconds()),
	}
	if !made.Multi {
		found.How = "perf event uprobes (uprobe_multi is in Linux 6.6)"
	}
	return found, errors.Join(end())
}
