package format

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"pytop/collect/escape"
)

// Plain makes a name safe to draw: what would move the terminal's cursor,
// change its colours or reorder text is shown as its escape (\x1b, \u202e),
// and so is every cluster on whose width terminals do not agree. Package escape
// defines what is hidden and how it is written; widths concern the screen alone.
// Everything that comes from a target goes through here once, on its way to it.
func Plain(name string) string {
	if escape.ASCII(name) {
		return name
	}
	var b strings.Builder
	for rest := name; rest != ""; {
		text := rest[:valid(rest)] // of a name that was cut within a letter the one before it is whole
		rest = rest[len(text):]
		for text != "" {
			cluster, _ := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
			text = text[len(cluster):]
			if drawable(cluster) {
				b.WriteString(cluster)
			} else {
				escaped(&b, cluster)
			}
		}
		if rest != "" {
			escaped(&b, rest[:1])
			rest = rest[1:]
		}
	}
	return b.String()
}

// valid is how many bytes are UTF-8, up to the first that is none.
func valid(text string) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(text)
}

// drawable tells whether a cluster has one width, and moves nothing. A mark
// without its letter would join what stands before it.
func drawable(cluster string) bool {
	for i, r := range cluster {
		if i == 0 && unicode.Is(unicode.M, r) {
			return false
		}
		if r == utf8.RuneError || escape.Hidden(r) {
			return false
		}
	}
	w := ansi.StringWidth(cluster)
	return w > 0 && w == ansi.StringWidthWc(cluster)
}

// escaped writes a cluster that is not drawable; what of it is ASCII can be read.
func escaped(b *strings.Builder, cluster string) {
	for len(cluster) > 0 {
		r, n := utf8.DecodeRuneInString(cluster)
		switch {
		case r == utf8.RuneError && n == 1:
			b.Write(escape.Append(nil, rune(cluster[0])))
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		default:
			b.Write(escape.Append(nil, r))
		}
		cluster = cluster[n:]
	}
}

// Width is how many cells text takes.
func Width(text string) int {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return ansi.StringWidth(text)
		}
	}
	return len(text)
}

// CutLeft shortens text to width cells; what goes is on the left.
func (s *Signs) CutLeft(text string, width int) string {
	w := Width(text)
	if w <= width {
		return text
	}
	mark := Width(s.Ellipsis)
	if width <= mark {
		return strings.Repeat(".", max(0, width))
	}
	return s.Ellipsis + TailOf(text, width-mark)
}

// CutName is CutLeft for a qualified name: it goes on to the next dot when
// that costs little.
func (s *Signs) CutName(name string, width int) string {
	cut := s.CutLeft(name, width)
	rest, ok := strings.CutPrefix(cut, s.Ellipsis)
	if !ok || strings.HasSuffix(strings.TrimSuffix(name, rest), ".") {
		return cut
	}
	if i := strings.IndexByte(rest, '.'); i >= 0 && i < 14 && i < len(rest)-8 {
		return s.Ellipsis + rest[i+1:]
	}
	return cut
}

// CutRight shortens text to width cells; what goes is on the right.
func (s *Signs) CutRight(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	if width <= Width(s.Ellipsis) {
		return strings.Repeat(".", max(0, width))
	}
	return ansi.Truncate(text, width, s.Ellipsis)
}

// Left puts text at the left of width cells, which it must not exceed.
func Left(text string, width int) string {
	return text + Blank(width-Width(text))
}

// Right puts text at the right of width cells, which it must not exceed.
func Right(text string, width int) string {
	return Blank(width-Width(text)) + text
}

const blanks = "                                                                                                                                "

// Blank is n cells of nothing; none when n is negative.
func Blank(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blanks) {
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}

// TailOf is the end of text that fits into width cells. A wide character
// across the edge goes as a whole.
func TailOf(text string, width int) string {
	w := Width(text)
	for n := w - width; n < w; n++ {
		if cut := ansi.TruncateLeft(text, n, ""); Width(cut) <= width {
			return cut
		}
	}
	return ""
}

// Wrap breaks text at its spaces into lines of at most width cells; a word
// that is longer stands alone.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && Width(line)+1+Width(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// Clamp cuts a line with styles in it to width cells.
func Clamp(line string, width int) string {
	if ansi.StringWidth(line) <= width {
		return line
	}
	return ansi.Truncate(line, width, "")
}

// Fill puts blanks behind a line, which may be painted, up to width cells.
func Fill(line string, width int) string {
	return line + Blank(width-ansi.StringWidth(line))
}

// longest is how much of a printed line is looked at: no screen is wider.
const longest = 4096 // bytes

// Printed makes a line that a program printed safe to draw, as a terminal
// would have shown it: without colours, with tabs as blanks, and of what a
// carriage return wrote over itself, the last.
func Printed(line string) string {
	line = strings.TrimRight(line, "\r")
	line = line[strings.LastIndexByte(line, '\r')+1:]
	line = line[:min(len(line), longest)]
	line = ansi.Strip(line)
	for at := strings.IndexByte(line, '\t'); at >= 0; at = strings.IndexByte(line, '\t') {
		line = line[:at] + Blank(8-Width(Plain(line[:at]))%8) + line[at+1:]
	}
	return Plain(line)
}
