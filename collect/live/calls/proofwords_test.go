package calls

import (
	"strings"
	"testing"
)

func TestMissedWords(t *testing.T) {
	for _, c := range []struct {
		missed map[objectName]bool
		want   string
	}{
		{map[objectName]bool{{"/srv/shop.py", "Cart.price", 12}: true}, "1 function was seen running and was not counted then: Cart.price (shop.py:12)"},
		{map[objectName]bool{{"b.py", "f", 1}: true, {"a.py", "g\x1b[31m", 2}: true, {"a.py", "f", 3}: true},
			"3 functions were seen running and were not counted then, such as g?[31m (a.py:2)"},
		{map[objectName]bool{{"a.py", strings.Repeat("é", 100), 1}: true}, "1 function was seen running and was not counted then: " + strings.Repeat("é", 80) + "… (a.py:1)"},
	} {
		if got := missedWords(c.missed); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := provenWords(0) + provenWords(1) + provenWords(2); got != ", proven on 1 function seen running, proven on 2 functions seen running" {
		t.Errorf("%q", got)
	}
}
