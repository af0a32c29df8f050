package tui

import (
	"pytop/tui/format"
	"strings"
)

// filter makes the match of a filter's text: a part of the function's or the
// file's name, whatever its case, or of file:line; "!" first inverts. Nil
// matches everything.
func filter(text string) func(f *function) bool {
	part, invert := strings.CutPrefix(strings.TrimSpace(text), "!")
	part = strings.ToLower(strings.TrimSpace(part))
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

// contains looks for a part in lower case, in any case. ASCII is folded
// byte by byte, without making a copy of every name.
func contains(part string) func(string) bool {
	for i := 0; i < len(part); i++ {
		if part[i] >= 0x80 {
			return func(s string) bool { return strings.Contains(strings.ToLower(s), part) }
		}
	}
	first := part[0]
	return func(s string) bool {
		for i := 0; i+len(part) <= len(s); i++ {
			if lower(s[i]) == first && foldedPrefix(s[i:], part) {
				return true
			}
		}
		return false
	}
}

func foldedPrefix(s, part string) bool {
	for i := 1; i < len(part); i++ {
		if lower(s[i]) != part[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func fileLine(f *function) string { return f.Code.File + ":" + format.Whole(f.Code.Line) }
