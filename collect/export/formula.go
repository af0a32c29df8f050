package export

import (
	"strings"
	"unicode/utf8"
)

// defuse marks what a spreadsheet would run as a formula in a cell of text: one
// ' before it. That is what begins with one of the triggers, after blanks and
// quotes, which spreadsheets trim. Many part cells at semicolons, too, and then
// see the start of a cell within a name.
//
// No two texts become one: what was a formula still is one for formula, so that
// taking one ' from before each gives the text back.
func defuse(cell string) string {
	if !strings.ContainsAny(cell, triggers) {
		return cell
	}
	var out strings.Builder
	for start := 0; start < len(cell); {
		part := cell[start:]
		if end := strings.IndexAny(part, separators); end >= 0 {
			part = part[:end+1]
		}
		if formula(part) {
			out.WriteByte('\'')
		}
		out.WriteString(part)
		start += len(part)
	}
	return out.String()
}

// separators are where a cell may end that is not quoted.
const separators = ";,"

// triggers are what a formula begins with.
const triggers = "=+-@＝＋－＠"

// formula tells whether a spreadsheet would run a text as a formula.
func formula(text string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, ` '"`))
	return strings.ContainsRune(triggers, r)
}
