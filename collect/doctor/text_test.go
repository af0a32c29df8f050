package doctor

import (
	"errors"
	"strings"
	"testing"

	"pytop/collect/live"
)

func TestText(t *testing.T) {
	for _, test := range []struct {
		text    live.Text
		err     error
		verdict Verdict
		want    string
	}{
		{live.Text{Files: []string{"/usr/bin/python3.11", "/lib/libc.so.6"}}, nil, OK, "as in its file: python3.11, libc.so.6"},
		{live.Text{Left: 1}, nil, Weak, "1 breakpoint left in its text"},
		{live.Text{Left: 3, Owned: 2, Others: 5}, nil, Weak, "3 breakpoints left in its text by a process that is gone (a killed pytop); 2 breakpoints of a tracer that runs now; its text differs from its file in 5 bytes"},
		{live.Text{Left: 3, Unsure: true}, nil, Weak, "the kernel does not tell"},
		{live.Text{Owned: 2}, nil, OK, "2 breakpoints of a tracer that runs now"},
		{live.Text{Others: 5}, nil, OK, "5 bytes (patched by something else)"},
		{live.Text{}, errors.New("so it is"), OK, "not compared: so it is"},
	} {
		got := text(4711, test.text, test.err)
		if got.Verdict != test.verdict || !strings.Contains(got.Found, test.want) {
			t.Errorf("%+v: %+v", test.text, got)
		}
		if cure := "pytop -p 4711 -n 1 --batch"; strings.Contains(got.Advice, cure) != (test.verdict == Weak) {
			t.Errorf("%+v: the advice is %q", test.text, got.Advice)
		}
	}
}
