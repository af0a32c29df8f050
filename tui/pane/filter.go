package pane

import "strings"

// Wanted is the part in lower case that is to match, and whether it must not.
func Wanted(text string) (part string, invert bool) {
	part, invert = strings.CutPrefix(strings.TrimSpace(text), "!")
	return strings.ToLower(strings.TrimSpace(part)), invert
}

// Contains looks for a part in lower case, in any case. ASCII is folded
// byte by byte, without a copy of every name, from its rarest byte on.
func Contains(part string) func(string) bool {
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
