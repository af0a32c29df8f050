package prompt

import (
	"testing"

	"pytop/tui/panetest"
)

func TestEditor(t *testing.T) {
	var e editor
	for _, c := range []struct{ key, want string }{
		{"a", "a|"}, {"b", "ab|"}, {"é", "abé|"}, {"ctrl+b", "ab|é"}, {"c", "abc|é"}, {"backspace", "ab|é"}, {"ctrl+d", "ab|"}, {"ctrl+a", "|ab"},
		{"ctrl+d", "|b"}, {"ctrl+h", "|b"}, {"ctrl+e", "b|"}, {" ", "b |"}, {"x", "b x|"}, {"ctrl+w", "b |"}, {"ctrl+w", "|"}, {"ctrl+w", "|"},
		{"y", "y|"}, {"z", "yz|"}, {"ctrl+b", "y|z"}, {"ctrl+k", "y|"}, {"ctrl+f", "y|"}, {"ctrl+u", "|"},
	} {
		e.press(panetest.Key(c.key))
		if got := string(e.text[:e.at]) + "|" + e.after(); got != c.want {
			t.Errorf("after %s: %s, want %s", c.key, got, c.want)
		}
	}
	e.insert("a\nb\x1bc")
	if e.value() != "abc" {
		t.Errorf("pasted: %q", e.value())
	}
}
