package calls

import (
	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/kernelmap"
)

// counts are calls and resumes, what was undone already subtracted.
type counts struct{ calls, resumes uint64 }

func (c *counts) add(o counts) {
	c.calls += o.calls
	c.resumes += o.resumes
}

func countsOf(n *bpf.CallCount) counts {
	return counts{kernelmap.Less(n.Calls, n.CallsUndone), kernelmap.Less(n.Resumes, n.ResumesUndone)}
}

// function is what several code objects may be: same process, file, name and line.
type function struct {
	code       collect.Code
	of         *process // nil: of processes that ended and are no longer listed, together
	hasResumes bool
	atLeast    bool   // of processes that ended, some of which were not counted whole
	proven     bool   // it was seen running, and counted
	done       counts // of freed code objects
	now        counts // of the living, as of this poll
	seen       uint64 // the poll that saw a living one last
	base       counts // what was counted before pytop was ready
}

func (f *function) name() objectName { return objectName{f.code.File, f.code.Function, f.code.Line} }

// bytes is how long its names are.
func (f *function) bytes() int { return len(f.code.File) + len(f.code.Function) }

func (f *function) sum() counts {
	return counts{f.done.calls + f.now.calls, f.done.resumes + f.now.resumes}
}

// object is a living code object.
type object struct {
	key      bpf.CallKey
	function *function
	last     counts // as of the last poll
	seen     uint64 // the poll that saw it last
	hits     uint64 // of last, undone ones included: only grows
	before   uint64 // hits when round began
	round    uint64 // of the proof
}

type functionKey struct {
	of             *process
	file, function string
	line           int
}

// functions is every function that was counted, in order of first sight.
type functions struct {
	all     []*function
	byKey   map[functionKey]*function
	objects map[uint64]*object // by id
	lastID  uint64
	names   int // bytes of the names of all
	ended   int // of no process, each by its name
	endedBy int // bytes of their names
}

// mostEnded is how many functions of processes that ended are kept by name, and
// mostEndedNames how many bytes of names, of which each may have 128 KiB.
const (
	mostEnded      = 16384
	mostEndedNames = 16 << 20
)

// restOfEnded stands for those for which there was no room: what was called
// stays in the sums.
var restOfEnded = objectName{file: "?", function: "(more functions of ended processes)"}

func newFunctions() *functions {
	return &functions{byKey: map[functionKey]*function{}, objects: map[uint64]*object{}}
}

// of finds or makes the function of a name; of no process: of those dropped.
func (t *functions) of(p *process, name objectName, hasResumes bool) *function {
	key := functionKey{p, name.file, name.function, name.line}
	f := t.byKey[key]
	if f == nil {
		switch {
		case p != nil && t.names >= mostNames && name != rest:
			return t.of(p, rest, hasResumes)
		case p == nil && (t.ended >= mostEnded || t.endedBy >= mostEndedNames) && name != restOfEnded:
			return t.of(nil, restOfEnded, hasResumes)
		}
		t.lastID++
		f = &function{of: p, code: collect.Code{ID: t.lastID, File: name.file, Function: name.function, Line: name.line, More: p != nil && name == rest}}
		t.names += f.bytes()
		if p == nil {
			t.ended, t.endedBy = t.ended+1, t.endedBy+f.bytes()
		}
		if p != nil {
			f.code.PID, f.code.Start = p.Info.PID, p.Info.Start
		}
		t.byKey[key] = f
		t.all = append(t.all, f)
	}
	f.hasResumes = f.hasResumes || hasResumes
	return f
}

// byID finds a function by its Code.ID; nil: there is none.
func (t *functions) byID(id uint64) *function {
	lo, hi := 0, len(t.all)
	for lo < hi {
		mid := (lo + hi) / 2
		if t.all[mid].code.ID < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(t.all) && t.all[lo].code.ID == id {
		return t.all[lo]
	}
	return nil
}

// rebase makes what is counted now the zero.
func (t *functions) rebase() {
	for _, f := range t.all {
		f.base = f.sum()
	}
}

// drop forgets the functions of processes that have left, but adds them up
// by name: what was called stays in the sums. room is that of the maps.
func (t *functions) drop(left map[*process]bool, room uint32) {
	part := map[*process]bool{} // was not counted whole
	for p := range left {
		status, _ := p.status(room)
		part[p] = status != collect.Exact
	}
	for _, f := range t.remove(func(f *function) bool { return left[f.of] }) {
		name := f.name()
		if name == rest {
			name = restOfEnded
		}
		sum := t.of(nil, name, f.hasResumes)
		sum.atLeast = sum.atLeast || part[f.of]
		c := f.sum()
		sum.done.add(counts{kernelmap.Less(c.calls, f.base.calls), kernelmap.Less(c.resumes, f.base.resumes)})
	}
}

// remove takes functions out, and returns them.
func (t *functions) remove(which func(*function) bool) (removed []*function) {
	keep := t.all[:0]
	for _, f := range t.all {
		if !which(f) {
			keep = append(keep, f)
			continue
		}
		name := f.name()
		delete(t.byKey, functionKey{f.of, name.file, name.function, name.line})
		t.names -= f.bytes()
		removed = append(removed, f)
	}
	clear(t.all[len(keep):])
	t.all = keep
	return removed
}

// reading lists the functions that ran since they were rebased.
func (t *functions) reading() []collect.CodeCount {
	list := make([]collect.CodeCount, 0, len(t.all))
	for _, f := range t.all {
		sum := f.sum()
		c := counts{kernelmap.Less(sum.calls, f.base.calls), kernelmap.Less(sum.resumes, f.base.resumes)}
		if c != (counts{}) {
			list = append(list, collect.CodeCount{Code: &f.code, Calls: c.calls, Resumes: c.resumes, HasResumes: f.hasResumes, AtLeast: f.atLeast})
		}
	}
	return list
}

// totals sums the functions of each process, since they were first seen.
func (t *functions) totals() map[*process]counts {
	byProcess := map[*process]counts{}
	var sum counts
	var of *process
	for _, f := range t.all { // mostly long runs of one process
		if f.of != of {
			byProcess[of] = sum
			of = f.of
			sum = byProcess[of]
		}
		sum.add(f.sum())
	}
	byProcess[of] = sum
	return byProcess
}
