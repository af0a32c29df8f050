package escape

import (
	"encoding/json"
	"fmt"
	"testing"
	"unicode/utf8"
)

// TestInvisible: each range that must not be written raw, and neighbours that
// must stay readable.
func TestInvisible(t *testing.T) {
	for _, span := range [][2]rune{
		{0, 0x1f}, {0x7f, 0xa0}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f},
		{0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000}, {0x3164, 0x3164}, {0xd800, 0xf8ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
		{0xfff0, 0xfffb}, {0xffff, 0xffff}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
	} {
		for r := span[0]; r <= span[1]; r++ {
			if !Invisible(r) {
				t.Errorf("%U is written raw", r)
			}
		}
	}
	for _, r := range " ~é日ไि\u0301ם🐍\ufffd" {
		if Invisible(r) {
			t.Errorf("%U is escaped", r)
		}
	}
}

func TestText(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "Query._compile_state": "Query._compile_state", `<listcomp>\x`: `<listcomp>\x`,
		"\x1b]0;PWNED\x07": `\x1b]0;PWNED\x07`, "a\nb\r\tc": `a\nb\x0d\tc`, "\x9b31m": `\x9b31m`, "\u009b31m": `\x9b31m`, "\x7f": `\x7f`,
		"f\u202eevil": `f\u202eevil`, "\u200b\u200d\ufeff": `\u200b\u200d\ufeff`, "\u2028\u2029": `\u2028\u2029`, "a\U000e0041": `a\U000e0041`,
		"a\ufe0f": `a\ufe0f`, "葛\U000e0100": `葛\U000e0100`, "bad\xff\xfe": `bad\xff\xfe`, "\u0301e\u0301": "\\u0301e\u0301",
		"\u202e\u0301": `\u202e\u0301`, "हिन्दी": "हिन्दी", "naïve/日本.py": "naïve/日本.py", "\U0001F40D": "\U0001F40D",
	} {
		if got := Text(name); got != want {
			t.Errorf("%+q is %+q, want %+q", name, got, want)
		}
	}
}

// TestJSON: every code point, in a string, comes back as it was.
func TestJSON(t *testing.T) {
	for first := rune(0); first <= 0x10ffff; first += 0x100 {
		var all []rune
		for r := first; r < first+0x100; r++ {
			if utf8.ValidRune(r) {
				all = append(all, 'a', r)
			}
		}
		name := string(all)
		data, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		data = JSON(nil, data)
		var got string
		if err := json.Unmarshal(data, &got); err != nil || got != name {
			t.Fatalf("%+q is %+q, %v", name, got, err)
		}
		for _, in := range string(data) {
			if Invisible(in) {
				t.Fatalf("%U is raw in %q", in, data)
			}
		}
	}
	for text, want := range map[string]string{
		`"\u0301e"`: `"\u0301e"`, "\"\u0301e\u0301\"": "\"\\u0301e\u0301\"", "\"\U000e0041\"": `"\udb40\udc41"`, "\"\\\"\u202e\"": `"\"\u202e"`,
	} {
		if got := string(JSON(nil, []byte(text))); got != want {
			t.Errorf("%+q is %+q, want %+q", text, got, want)
		}
	}
}

func ExampleText() {
	fmt.Println(Text("\x1b[31mred\u202e"))
	// Output: \x1b[31mred\u202e
}
