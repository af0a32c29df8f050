package calls

import (
	"cmp"
	"slices"
)

// A process that makes functions for ever (each with a name of its own, such as
// <eval_with_key>.N) would make pytop larger for ever. What is kept of functions
// without a living code object is bounded, therefore; of the living, the map of
// the kernel bounds the number, and mostNames the rest.
const (
	// mostFreed is how many bytes are kept, about, of one process's functions
	// whose code objects were all freed: some 55,000. mostFreedOfAll is the same
	// of all processes together.
	mostFreed      = 32 << 20
	mostFreedOfAll = 128 << 20
	// mostNames is how many bytes of names are kept of all functions. A function
	// that comes when there are more is counted, but not by its name.
	mostNames = 256 << 20
	// functionSize is what a function takes without its names, about: here, and
	// in the two readings that are held.
	functionSize = 512
)

// rest stands for the functions of a process that are not kept by name.
var rest = objectName{file: "?", function: "(more functions)"}

// freed is what is kept of a process's functions without a living code object.
type freed struct {
	of   *process
	size int
}

// fold adds up the functions without a living code object, as of this poll, of
// processes that have too many of them: what was called stays in the sums. Not
// where all code objects are unknown since it was detached, nor the focused one.
func (t *functions) fold(poll, focus uint64) {
	if t.names+functionSize*len(t.all) <= mostFreed {
		return
	}
	isFreed := func(f *function) bool {
		p := f.of
		return p != nil && p.links != nil && p.Gone == "" && f.seen != poll && f.code.ID != focus && !f.code.More
	}
	sizes, all := map[*process]int{}, 0
	for _, f := range t.all {
		if isFreed(f) {
			size := functionSize + f.bytes()
			sizes[f.of] += size
			all += size
		}
	}
	list := make([]freed, 0, len(sizes))
	for p, size := range sizes {
		list = append(list, freed{p, size})
	}
	slices.SortFunc(list, func(a, b freed) int { return cmp.Compare(b.size, a.size) })
	folded := map[*process]bool{}
	for _, f := range list {
		if f.size > mostFreed || all > mostFreedOfAll {
			folded[f.of] = true
			all -= f.size
		}
	}
	if len(folded) == 0 {
		return
	}
	for _, f := range t.remove(func(f *function) bool { return folded[f.of] && isFreed(f) }) {
		sum := t.of(f.of, rest, f.hasResumes)
		sum.done.add(f.sum())
		sum.base.add(f.base)
	}
}
