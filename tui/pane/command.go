package pane

import (
	"path"
	"strings"

	"pytop/tui/format"
)

// ShortCommand is what tells a command from others: no path of the
// interpreter or the script, no interpreter and its options before a script.
func ShortCommand(command string) string {
	words := strings.Fields(command)
	if len(words) == 0 {
		return "?"
	}
	words[0] = path.Base(words[0])
	if n := scriptAt(words); n > 0 {
		words = words[n:]
		words[0] = path.Base(words[0])
	}
	return format.Plain(strings.Join(words, " "))
}

// scriptAt is where a Python's script stands among its words; 0: there is none.
func scriptAt(words []string) int {
	if !strings.HasPrefix(words[0], "python") {
		return 0
	}
	for i := 1; i < len(words); i++ {
		switch word := words[i]; {
		case word == "-X" || word == "-W": // their value follows
			i++
		case !strings.HasPrefix(word, "-"):
			return i
		case strings.HasPrefix(word, "--") || strings.ContainsAny(word, "cm") && !strings.HasPrefix(word, "-X") && !strings.HasPrefix(word, "-W"):
			return 0
		}
	}
	return 0
}
