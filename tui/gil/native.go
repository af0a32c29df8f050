package gil

import (
	"cmp"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
)

// nativeLines say where in machine code a long hold's thread was: the function
// that it was found in most often, and its callers where they are known.
func (f *facts) nativeLines(n *collect.Native) []string {
	var lines []string
	for _, one := range []struct {
		head  string
		looks *collect.NativeLooks
		word  string
	}{{"in      ", &n.Ran, "samples"}, {"asleep  ", &n.Slept, "looks"}} {
		if one.looks.Looks == 0 {
			continue
		}
		share := f.Signs.Estimate + format.HeadPercent(float64(one.looks.Hits)/float64(one.looks.Looks))
		of := " (" + format.Exactly(one.looks.Hits) + " of " + format.Exactly(one.looks.Looks) + " " + one.word + ")"
		lines = append(lines, one.head+nativeName(&one.looks.Stack[0])+"  "+share+of)
		if from := f.nativeCallers(one.looks); from != "" {
			lines = append(lines, "        from "+from)
		}
	}
	if len(lines) == 0 && n.Reason != "" {
		lines = append(lines, "in      not known: "+format.Plain(n.Reason))
	}
	if n.Lost > 0 {
		lines = append(lines, "        "+format.Count(n.Lost)+" samples were lost")
	}
	return lines
}

// nativeName is a function and its file; without a symbol where the function
// begins in the file, and the file alone where that is not known.
func nativeName(f *collect.NativeFrame) string {
	switch {
	case f.Symbol != "":
		return format.Plain(f.Symbol) + "  " + format.Plain(f.Module)
	case f.Start != 0:
		return format.Plain(f.Module) + "+" + format.Hex(f.Start) + "  (a function without symbol)"
	case f.Module != "":
		return format.Plain(f.Module) + "  (no symbol)"
	}
	return "memory of no file"
}

// nativeCallers are the callers of the innermost function, the nearest first.
func (f *facts) nativeCallers(looks *collect.NativeLooks) string {
	var names []string
	for i := range looks.Stack[1:] {
		f := &looks.Stack[1+i]
		name := format.Plain(f.Symbol)
		if name == "" {
			name = format.Plain(f.Module) + "+" + format.Hex(cmp.Or(f.Start, f.Offset))
		}
		names = append(names, name)
	}
	if len(names) > 0 && looks.Cut {
		names = append(names, f.Signs.Ellipsis)
	}
	return strings.Join(names, " < ")
}
