// Package words makes sentences of what probes have to say.
package words

import (
	"fmt"
	"slices"
	"strings"
)

// NotAsked is why a probe is off that --probes leaves out.
const NotAsked = "not asked for (--probes)"

// Append adds a sentence that says something and is not there yet.
func Append(list []string, text string) []string {
	if text == "" || slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// Join makes one sentence of those that say something.
func Join(words ...string) string {
	var list []string
	for _, one := range words {
		list = Append(list, one)
	}
	return strings.Join(list, "; ")
}

// Number is how many there are, and the words for one or for several.
func Number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// most is how many different sentences a probe says of its processes.
const most = 3

// Few is the first of many sentences: each process has its own among its words.
func Few(words []string) string {
	if more := len(words) - most; more > 1 {
		words = append(words[:most:most], fmt.Sprintf("and %d more, said of each process", more))
	}
	return strings.Join(words, "; ")
}

// Rate is a rate to about two digits, for a sentence.
func Rate(perS float64) string {
	switch {
	case perS >= 1e6:
		return fmt.Sprintf("%.1fM", perS/1e6)
	case perS >= 1e4:
		return fmt.Sprintf("%.0fk", perS/1e3)
	}
	return fmt.Sprintf("%.0f", perS)
}
