package export

import (
	"strings"

	"pytop/collect/escape"
)

// text is s as valid UTF-8: CPython's names may hold anything that its str
// can, lone surrogates too, for which UTF-8 has no form and which strict
// readers of JSON refuse. Each run of such becomes one U+FFFD.
func text(s string) string {
	return strings.ToValidUTF8(s, "\uFFFD")
}

// shown is a name for people: valid UTF-8, in which what is invisible or moves
// a terminal's cursor is written as in Python (\n, \x1b, \u202e). Backslashes
// stay as they are: JSON is the format that loses nothing.
func shown(s string) string { return escape.Text(text(s)) }

// cell is a name in CSV: as shown, which has no line ends, and no formula.
func cell(s string) string { return defuse(shown(s)) }
