package stack

import "testing"

func TestText(t *testing.T) {
	for _, c := range []struct {
		name   string
		data   []byte
		kind   uint8
		length int
		want   string
	}{
		{"ASCII", []byte("fib"), 1, 3, "fib"},
		{"Latin-1", []byte{0xe9, 't', 0xe9}, 1, 3, "été"},
		{"UCS2", []byte{0xbb, 0x03, 0xb1, 0x03}, 2, 2, "λα"},
		{"UCS4", []byte{0x0d, 0xf4, 0x01, 0x00}, 4, 1, "🐍"},
		{"lone surrogate", []byte{0x80, 0xdc}, 2, 1, "\ufffd"},
		{"out of range", []byte{0xff, 0xff, 0xff, 0xff}, 4, 1, "\ufffd"},
		{"cut", []byte{0xbb, 0x03, 0xb1}, 2, 9, "λ"},
		{"unknown kind", []byte{1, 2, 3}, 3, 1, "?"},
		{"no kind", []byte{1}, 0, 1, ""},
		{"empty", nil, 1, 0, ""},
	} {
		if got := Text(c.data, c.kind, c.length); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
