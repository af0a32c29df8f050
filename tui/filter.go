package tui

import (
	"strings"

	"pytop/collect"
	"pytop/tui/format"
)

// filter makes the match of a filter's text: a part of the function's or the
// file's name, whatever its case, or of file:line; "!" first inverts. Nil
// matches everything.
func filter(text string) func(f *function) bool {
	part, invert := wanted(text)
	if part == "" {
		return nil
	}
	has := contains(part)
	colon := strings.Contains(part, ":")
	return func(f *function) bool {
		found := has(f.Code.Function) || has(f.Code.File) || colon && has(fileLine(f))
		return found != invert
	}
}

// wanted is the part in lower case that is to match, and whether it must not.
func wanted(text string) (part string, invert bool) {
	part, invert = strings.CutPrefix(strings.TrimSpace(text), "!")
	return strings.ToLower(strings.TrimSpace(part)), invert
}

// filterThread is filter for threads: a part of the name, or of what it runs.
func filterThread(text string) func(t *collect.ThreadRow) bool {
	part, invert := wanted(text)
	if part == "" {
		return nil
	}
	has := contains(part)
	return func(t *collect.ThreadRow) bool {
		return (has(t.Name) || has(t.Place.Function)) != invert
	}
}

// contains looks for a part in lower case, in any case. ASCII is folded
// byte by byte, without a copy of every name, from its rarest byte on.
func contains(part string) func(string) bool {
	rarest := 0
	for i := 0; i < len(part); i++ {
		if part[i] >= 0x80 {
			return func(s string) bool { return strings.Contains(strings.ToLower(s), part) }
		}
		if strings.IndexByte(common, part[i]) < strings.IndexByte(common, part[rarest]) {
			rarest = i
		}
	}
	small, big := part[rarest], upper(part[rarest])
	return func(s string) bool {
		for at := rarest; at < len(s); at++ {
			n := indexEither(s[at:], small, big)
			if n < 0 {
				return false
			}
			at += n
			if folded(s[at-rarest:], part) {
				return true
			}
		}
		return false
	}
}

// common is the letters of names, the most common last: others are rarer.
const common = "qzj/xkwvyb.hgf_upmdclrsnioate"

// indexEither finds the first of two bytes, which may be the same.
func indexEither(s string, a, b byte) int {
	n := strings.IndexByte(s, a)
	if a == b {
		return n
	}
	if n >= 0 {
		s = s[:n]
	}
	if k := strings.IndexByte(s, b); k >= 0 {
		return k
	}
	return n
}

// folded tells whether s begins with a part in lower case, in any case.
func folded(s, part string) bool {
	if len(s) < len(part) {
		return false
	}
	for i := 0; i < len(part); i++ {
		if lower(s[i]) != part[i] {
			return false
		}
	}
	return true
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func fileLine(f *function) string { return f.Code.File + ":" + format.Whole(f.Code.Line) }
