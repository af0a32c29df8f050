package export

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

// text is s as valid UTF-8: CPython's names may hold anything that its str
// can, lone surrogates too, for which UTF-8 has no form and which strict
// readers of JSON refuse. Each run of such becomes one U+FFFD.
func text(s string) string {
	return strings.ToValidUTF8(s, "\uFFFD")
}

// escapeControls returns JSON in which DEL and the C1 controls are escaped,
// too: the encoder escapes the C0 controls only, and a file may be read with
// cat on a terminal that takes U+009B for the start of a command. Outside of
// strings JSON has no such bytes, so that all found are in strings.
func escapeControls(data []byte) []byte {
	if bytes.IndexByte(data, 0x7f) < 0 && bytes.IndexByte(data, 0xc2) < 0 {
		return data
	}
	out := make([]byte, 0, len(data)+16)
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == 0x7f:
			out = append(out, `\u007f`...)
		case c == 0xc2 && i+1 < len(data) && data[i+1] < 0xa0: // U+0080 to U+009F
			i++
			out = fmt.Appendf(out, `\u%04x`, data[i])
		default:
			out = append(out, c)
		}
	}
	return out
}

// cell is a name in CSV: valid UTF-8 in which control characters, for which
// RFC 4180 has no place, are written as in Python ("\n", "\x1b"). Backslashes
// stay as they are: JSON is the format that loses nothing.
func cell(s string) string {
	s = text(s)
	if strings.IndexFunc(s, unicode.IsControl) < 0 {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case unicode.IsControl(r):
			fmt.Fprintf(&out, `\x%02x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
