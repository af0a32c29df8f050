// Package escape says which code points of a name are not written raw, and how
// they are written instead. The screen, CSV, JSON and dumps share it: a process
// chooses its names, and with raw ones it would move a terminal's cursor, turn
// text around or make two names look the same.
package escape

import (
	"unicode"
	"unicode/utf8"
)

// Hidden tells whether a code point draws nothing of its own, or moves what
// others draw: controls, the marks that set the direction of text, zero-width
// characters, spaces other than U+0020, line and paragraph separators, tags,
// private use, surrogates and what Unicode has not assigned.
func Hidden(r rune) bool { return !unicode.IsPrint(r) }

// Invisible is Hidden, and the printable ones that cannot be seen, either:
// variation selectors, Hangul fillers and joiners. Two names that differ only
// in these look the same.
func Invisible(r rune) bool {
	return Hidden(r) || r > unicode.MaxLatin1 && unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// Append appends a code point as Python writes it in a string: \n, \x1b,
// \u202e, \U000e0001.
func Append(out []byte, r rune) []byte {
	switch {
	case r == '\n':
		return append(out, `\n`...)
	case r == '\t':
		return append(out, `\t`...)
	case r < 0x100:
		return hex(append(out, `\x`...), r, 2)
	case r < 0x10000:
		return hex(append(out, `\u`...), r, 4)
	}
	return hex(append(out, `\U`...), r, 8)
}

// Text is a name with what is Invisible as Append writes it, and so is each
// byte that is no UTF-8 (\xff), and a combining mark that has no letter before
// it and would join what is printed there. Backslashes stay as they are.
func Text(name string) string {
	if ASCII(name) {
		return name
	}
	out := make([]byte, 0, len(name)+len(name)/8+16)
	alone := true
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			out, alone = Append(out, rune(name[i])), true
		case Invisible(r) || alone && unicode.Is(unicode.M, r):
			out, alone = Append(out, r), true
		default:
			out, alone = append(out, name[i:i+n]...), false
		}
		i += n
	}
	return string(out)
}

// JSON appends JSON with the same code points escaped as JSON does: \u202e, of
// which every parser makes the same string again. data is JSON in UTF-8 with
// the C0 controls escaped, so that all that is found is in strings.
func JSON(out, data []byte) []byte {
	alone := true
	for i := 0; i < len(data); {
		if c := data[i]; c < 0x7f {
			out, alone = append(out, c), c == '"'
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if Invisible(r) || alone && unicode.Is(unicode.M, r) {
			out, alone = appendJSON(out, r), true
		} else {
			out, alone = append(out, data[i:i+n]...), false
		}
		i += n
	}
	return out
}

func appendJSON(out []byte, r rune) []byte {
	if r < 0x10000 {
		return hex(append(out, `\u`...), r, 4)
	}
	r -= 0x10000
	out = hex(append(out, `\u`...), 0xd800+r>>10, 4)
	return hex(append(out, `\u`...), 0xdc00+r&0x3ff, 4)
}

// hex appends a number in so many hexadecimal digits.
func hex(out []byte, r rune, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		out = append(out, "0123456789abcdef"[r>>shift&0xf])
	}
	return out
}

// ASCII tells whether a name is printable ASCII, as nearly all are.
func ASCII[T string | []byte](name T) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
