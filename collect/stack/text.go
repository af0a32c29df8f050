package stack

import (
	"encoding/binary"
	"unicode/utf8"
)

// Text decodes length characters of a str of CPython, of kind 1, 2 or 4
// bytes each. What is not a character (surrogates that stand alone, values out
// of range) becomes U+FFFD; missing bytes end the text.
func Text(data []byte, kind uint8, length int) string {
	if kind == 1 && isASCII(data[:min(length, len(data))]) {
		return string(data[:min(length, len(data))])
	}
	out := make([]byte, 0, len(data))
	for i := range length {
		at := i * int(kind)
		if kind == 0 || at+int(kind) > len(data) {
			break
		}
		var r rune
		switch kind {
		case 1:
			r = rune(data[at])
		case 2:
			r = rune(binary.LittleEndian.Uint16(data[at:]))
		case 4:
			r = rune(binary.LittleEndian.Uint32(data[at:]) & 0x7fffffff)
		default:
			return "?"
		}
		out = utf8.AppendRune(out, r) // writes U+FFFD for what is no character
	}
	return string(out)
}

func isASCII(data []byte) bool {
	for _, b := range data {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
