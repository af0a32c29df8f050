package native

import (
	"fmt"

	"pytop/collect"
)

// Looks are stacks of one thread, counted.
type Looks struct {
	all    int
	leaves map[nativeFunction]int
	stacks map[string]*countedStack
	order  []*countedStack // as they were seen first
}

// nativeFunction is a function, or the file where it is not known.
type nativeFunction struct {
	module, symbol string
	start          uint64
}

// countedStack is a stack that was seen so often.
type countedStack struct {
	frames []collect.NativeFrame // offsets are those of the first
	cut    bool
	count  int
}

func functionOf(f *collect.NativeFrame) nativeFunction {
	return nativeFunction{f.Module, f.Symbol, f.Start}
}

// Add counts a stack, which has a frame at least.
func (l *Looks) Add(frames []collect.NativeFrame, cut bool) {
	if l.all == 0 {
		l.leaves, l.stacks = map[nativeFunction]int{}, map[string]*countedStack{}
	}
	l.all++
	l.leaves[functionOf(&frames[0])]++
	name := ""
	for i := range frames {
		f := functionOf(&frames[i])
		name += fmt.Sprintf("%s\x00%s\x00%x\x00", f.module, f.symbol, f.start)
	}
	one := l.stacks[name]
	if one == nil {
		one = &countedStack{frames: frames, cut: cut}
		l.stacks[name], l.order = one, append(l.order, one)
	}
	one.count++
}

// Count is how many were added.
func (l *Looks) Count() int { return l.all }

// Sum is what they come to.
func (l *Looks) Sum() collect.NativeLooks {
	var best *countedStack
	for _, s := range l.order {
		if best == nil || l.better(s, best) {
			best = s
		}
	}
	if best == nil {
		return collect.NativeLooks{}
	}
	return collect.NativeLooks{Stack: best.frames, Hits: l.leaves[functionOf(&best.frames[0])], Looks: l.all, Cut: best.cut}
}

// better tells whether a stack has a commoner leaf than another, or the same
// leaf and is commoner.
func (l *Looks) better(a, b *countedStack) bool {
	in, than := l.leaves[functionOf(&a.frames[0])], l.leaves[functionOf(&b.frames[0])]
	return in > than || in == than && a.count > b.count
}
