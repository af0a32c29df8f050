package gil

import (
	"strings"
	"testing"

	"pytop/collect"
)

// TestNativeLines: where in machine code a long hold was, and what is not known.
func TestNativeLines(t *testing.T) {
	frame := func(module, symbol string, start uint64) collect.NativeFrame {
		return collect.NativeFrame{Module: module, Symbol: symbol, Start: start, Offset: 0x1234}
	}
	looks := func(hits, all int, cut bool, frames ...collect.NativeFrame) collect.NativeLooks {
		return collect.NativeLooks{Stack: frames, Hits: hits, Looks: all, Cut: cut}
	}
	for name, c := range map[string]struct {
		native collect.Native
		want   string
	}{
		"a symbol": {collect.Native{Ran: looks(41, 47, true, frame("python3.11", "sre_ucs1_match", 0))},
			"in      sre_ucs1_match  python3.11  ~87 % (41 of 47 samples)"},
		"callers": {collect.Native{Ran: looks(4, 4, true, frame("python3.15", "sort", 0), frame("python3.15", "", 0x200), frame("libc.so.6", "", 0))},
			"in      sort  python3.15  ~100 % (4 of 4 samples)\n        from python3.15+0x200 < libc.so.6+0x1234 < …"},
		"no symbol":      {collect.Native{Ran: looks(1, 2, true, frame("python3.11", "", 0x1300))}, "in      python3.11+0x1300  (a function without symbol)  ~50 % (1 of 2 samples)"},
		"only a file":    {collect.Native{Ran: looks(1, 2, true, frame("x.so", "", 0))}, "in      x.so  (no symbol)  ~50 % (1 of 2 samples)"},
		"no file":        {collect.Native{Ran: looks(2, 2, true, frame("", "", 0))}, "in      memory of no file  ~100 % (2 of 2 samples)"},
		"asleep":         {collect.Native{Slept: looks(9, 9, true, frame("libc.so.6", "nanosleep", 0))}, "asleep  nanosleep  libc.so.6  ~100 % (9 of 9 looks)"},
		"not permitted":  {collect.Native{Reason: "not permitted"}, "in      not known: not permitted"},
		"lost":           {collect.Native{Lost: 3}, "        3 samples were lost"},
		"nothing":        {collect.Native{}, ""},
		"a name's bytes": {collect.Native{Ran: looks(1, 1, true, frame("m", "a\x1b[2Jb", 0))}, `in      a\x1b[2Jb  m  ~100 % (1 of 1 samples)`},
	} {
		p := newPane(t, 100, 30)
		if got := strings.Join(p.nativeLines(&c.native), "\n"); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}
