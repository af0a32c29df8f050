package format

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 9412: "9,412", 9999: "9,999",
		10_000: "10.0k", 12_900: "12.9k", 12_949: "12.9k", 12_951: "13.0k", 99_949: "99.9k", 99_950: "100k", 798_000: "798k",
		999_499: "999k", 999_500: "1.00M", 3_110_000: "3.11M", 31_100_000: "31.1M", 999_500_000: "1.00G",
		math.MaxUint64: "18.4E",
	} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", -1: "0", 0.017: "<0.1", 0.05: "0.1", 2.9991: "3.0", 9.94: "9.9", 9.96: "10", 13.4: "13", 999.6: "1,000",
		9999.4: "9,999", 9999.6: "10.0k", 48_213: "48.2k", 3.1149e6: "3.11M",
	} {
		if got := Rate(v); got != want {
			t.Errorf("Rate(%v) = %q, want %q", v, got, want)
		}
	}
	if got := Rate(math.NaN()); got != "0" {
		t.Errorf("Rate(NaN) = %q", got)
	}
}

func TestShares(t *testing.T) {
	for _, c := range []struct {
		share      float64
		cell, head string
	}{
		{0, "0.0", "0 %"}, {0.0004, "<0.1", "<0.1 %"}, {0.0005, "0.1", "0.1 %"}, {0.042, "4.2", "4.2 %"}, {0.268, "26.8", "27 %"},
		{0.0996, "10.0", "10 %"}, {0.9949, "99.5", "99 %"}, {0.9951, "99.5", ">99 %"}, {0.9994, "99.9", ">99 %"}, {0.99951, ">99.9", ">99 %"},
		{1, "100", "100 %"}, {1.004, "100", "100 %"}, {2.006, "201", "201 %"},
	} {
		if got := Percent(c.share); got != c.cell {
			t.Errorf("Percent(%v) = %q, want %q", c.share, got, c.cell)
		}
		if got := HeadPercent(c.share); got != c.head {
			t.Errorf("HeadPercent(%v) = %q, want %q", c.share, got, c.head)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 999: "999 B", 1500: "1.5 kB", 31_400_000: "31 MB", 999_600_000: "1.0 GB", 64e9: "64 GB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "0 s", 0: "0 ns", 450: "450 ns", 9800: "9.8 µs", 212 * time.Microsecond: "212 µs", 999_600 * time.Nanosecond: "1 ms",
		9800 * time.Microsecond: "9.8 ms", 212 * time.Millisecond: "212 ms", 1200 * time.Millisecond: "1.2 s",
		195 * time.Second: "3 min 15 s", 59*time.Minute + 59*time.Second: "59 min 59 s", 125 * time.Minute: "2 h 05 min", 76 * time.Hour: "3 d 04 h",
	} {
		if got := Unicode.Duration(d); got != want {
			t.Errorf("Duration(%d) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{100 * time.Millisecond: "0.1 s", time.Second: "1 s", time.Minute: "60 s"} {
		if got := Interval(d); got != want {
			t.Errorf("Interval(%v) = %q, want %q", d, got, want)
		}
	}
	if got := Rough(5*time.Second + 3*time.Millisecond); got != "5 s" {
		t.Errorf("Rough = %q", got)
	}
}

func TestPlain(t *testing.T) {
	for name, want := range map[string]string{
		"Query._compile_state": "Query._compile_state",
		"a\x1b[31mb":           `a\x1b[31mb`,
		"a\nb\tc\r\n":          `a\nb\tc\x0d\n`,
		"f\u202eevil":          `f\u202eevil`,
		"zero\u200bwidth":      `zero\u200bwidth`,
		"bad\xff\xfeutf":       `bad\xff\xfeutf`,
		"\x7f\u0085\u009b31m":  `\x7f\x85\x9b31m`,
		"计算折扣":                 "计算折扣",
		"prix_réduit":          "prix_réduit",
		"日本語ス\xe3\x83":         `日本語ス\xe3\x83`,
		"e\u0301t\u0301":       "e\u0301t\u0301",
		"\u0301alone":          `\u0301alone`,
		"surrogate\ufffd":      `surrogate\ufffd`, // what cannot be decoded arrives as U+FFFD
	} {
		if got := Plain(name); got != want {
			t.Errorf("Plain(%q) = %q, want %q", name, got, want)
		}
	}
}

// FuzzPlain: whatever a target calls itself, what is drawn moves nothing, and
// terminals agree on how wide it is.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{"a", "\x1b]0;t\x07", "计\u0301", "👩\u200d👩\u200d👧", "\U0001f1e9\U0001f1ea", "\u202e\u2066x", "\xff\xc3", "नि", "각"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := Plain(s)
		if w, wc := ansi.StringWidth(p), ansi.StringWidthWc(p); w != wc {
			t.Errorf("Plain(%q) = %q is %d or %d cells wide", s, p, w, wc)
		}
		if p != ansi.Strip(p) {
			t.Errorf("Plain(%q) = %q has an escape sequence", s, p)
		}
		for _, r := range p {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				t.Errorf("Plain(%q) = %q has %U", s, p, r)
			}
		}
		for w := range 12 {
			if got := Width(Unicode.CutLeft(p, w)); got > w {
				t.Errorf("CutLeft(%q, %d) is %d wide", p, w, got)
			}
			if got := Width(Unicode.CutRight(p, w)); got > w {
				t.Errorf("CutRight(%q, %d) is %d wide", p, w, got)
			}
			if got := Width(Unicode.CutName(p, w)); got > w {
				t.Errorf("CutName(%q, %d) is %d wide", p, w, got)
			}
		}
	})
}

func TestCut(t *testing.T) {
	s := &Unicode
	for _, c := range []struct{ got, want string }{
		{s.CutLeft("Query._compile_state", 10), "…ile_state"},
		{s.CutLeft("short", 10), "short"},
		{s.CutRight("a long reason", 8), "a long …"},
		{s.CutName("PriceList.lookup.<locals>.<lambda>", 26), "…lookup.<locals>.<lambda>"},
		{s.CutName("PriceList.lookup.<locals>.<lambda>", 18), "…<locals>.<lambda>"},
		{s.CutName("_a_function_without_any_dot", 10), "…t_any_dot"},
		{ASCII.CutLeft("Query._compile_state", 10), "..le_state"},
		{s.CutLeft("计算折扣", 5), "…折扣"},
		{s.CutLeft("计算折扣", 4), "…扣"},
		{s.CutLeft("abc", 1), "."},
		{s.CutLeft("abc", 0), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestFilePlace(t *testing.T) {
	for _, c := range []struct {
		file string
		line int
		want Place
	}{
		{"<frozen importlib._bootstrap>", 1390, Place{"", "importlib._bootstrap:1390", "(frozen)"}},
		{"<string>", 1, Place{"", "<string>:1", ""}},
		{"/v/lib/python3.14/site-packages/sqlalchemy/orm/query.py", 2011, Place{"orm/", "query.py:2011", "(sqlalchemy)"}},
		{"/usr/lib/python3/dist-packages/six.py", 920, Place{"", "six.py:920", "(six)"}},
		{"/usr/lib/python3.13/json/encoder.py", 205, Place{"json/", "encoder.py:205", "(stdlib)"}},
		{"/opt/py/lib/python3.13t/threading.py", 1, Place{"", "threading.py:1", "(stdlib)"}},
		{"/srv/app/shop/pricing.py", 41, Place{"/srv/app/shop/", "pricing.py:41", ""}},
		{"/home/x/python/main.py", 3, Place{"/home/x/python/", "main.py:3", ""}},
		{"/lib/pythonic/main.py", 3, Place{"/lib/pythonic/", "main.py:3", ""}},
		{"app.py", 0, Place{"", "app.py", ""}},
		{"", 0, Place{}},
		{"/tmp/\x1b[2J/e\nvil.py", 3, Place{`/tmp/\x1b[2J/`, `e\nvil.py:3`, ""}},
	} {
		if got := FilePlace(c.file, c.line); got != c.want {
			t.Errorf("FilePlace(%q, %d) = %+v, want %+v", c.file, c.line, got, c.want)
		}
	}
}

func TestPlaceFit(t *testing.T) {
	p := Place{"/srv/app/shop/", "pricing.py:41", "(shop)"}
	for width, want := range map[int]Place{
		40: p, 35: p,
		34: {"/srv/app/shop/", "pricing.py:41", ""},
		27: {"/srv/app/shop/", "pricing.py:41", ""},
		26: {"…/app/shop/", "pricing.py:41", ""},
		20: {"…/shop/", "pricing.py:41", ""},
		16: {"", "pricing.py:41", ""},
		13: {"", "pricing.py:41", ""},
		9:  {"", "…ng.py:41", ""},
	} {
		got := p.Fit(&Unicode, width)
		if got != want {
			t.Errorf("Fit(%d) = %+v, want %+v", width, got, want)
		}
		if got.Width() > width {
			t.Errorf("Fit(%d) is %d wide", width, got.Width())
		}
	}
}

func TestSpark(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{nil, ""}, {[]float64{0, 0}, "▁▁"}, {[]float64{0, 1, 2, 4, 8}, "▁▁▂▄█"}, {[]float64{nan, 8, 7.9}, " █▇"},
	} {
		if got := Unicode.Spark(c.values); got != c.want {
			t.Errorf("Spark(%v) = %q, want %q", c.values, got, c.want)
		}
	}
	if got := ASCII.Spark([]float64{0, 4, 8}); got != "_-#" {
		t.Errorf("in ASCII: %q", got)
	}
}

func TestChart(t *testing.T) {
	got := Unicode.Chart([]float64{0, 0, 10, 10, math.NaN(), 5}, 10, 3, 2)
	want := []string{" ⡏⢀", "⣀⠇ "}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
	got = ASCII.Chart([]float64{0, 10, 5}, 10, 3, 3)
	if want := []string{" * ", "  *", "*  "}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("in ASCII: %q, want %q", got, want)
	}
	for _, w := range []int{0, 1, 7} {
		for _, line := range Unicode.Chart(nil, 0, w, 2) {
			if Width(line) != w {
				t.Errorf("a chart of nothing, %d wide, is %q", w, line)
			}
		}
	}
}

func TestRoundTop(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, -3: 1, 1: 1, 1.2: 1.5, 14100: 15000, 9500: 10000, 0.03: 0.03, 7: 8} {
		if got := RoundTop(v); math.Abs(got-want) > 1e-9*want {
			t.Errorf("RoundTop(%v) = %v, want %v", v, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	got := Wrap("counting costs more than a-very-long-word-that-is-longer", 14)
	want := "counting costs|more than|a-very-long-word-that-is-longer"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
}

func TestBar(t *testing.T) {
	for share, want := range map[float64]string{0: "    ", 1: "████", 0.5: "██  ", 0.53: "██▏ ", 2: "████"} {
		if got := Unicode.Bar(share, 4); got != want {
			t.Errorf("Bar(%v) = %q, want %q", share, got, want)
		}
	}
}

func TestExactly(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1284: "1,284", 1234567: "1,234,567"} {
		if got := Exactly(n); got != want {
			t.Errorf("Exactly(%d) = %q", n, got)
		}
	}
}

func TestPrinted(t *testing.T) {
	for line, want := range map[string]string{
		"": "", "plain": "plain", "\x1b[32mready\x1b[0m on :80": "ready on :80", "a\tb": "a       b", "12345678\tb": "12345678        b",
		"10 %\r20 %\r30 %": "30 %", "dos\r": "dos", "bell\a": `bell\x07`, "\x1b]0;title\x07text": "text", "\x1b[2Jgone": "gone", "价\t|": "价      |",
		strings.Repeat("\t", 3): strings.Repeat(" ", 24),
	} {
		if got := Printed(line); got != want {
			t.Errorf("%q is drawn as %q, want %q", line, got, want)
		}
	}
	if got := Printed(strings.Repeat("x", 1<<16)); len(got) > longest {
		t.Errorf("%d bytes of a long line", len(got))
	}
}

func TestWord(t *testing.T) {
	for n, want := range map[int]string{0: "pauses", 1: "pause", 2: "pauses"} {
		if got := Word(n, "pause", "pauses"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
