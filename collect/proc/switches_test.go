package proc

import "testing"

func TestParseSwitches(t *testing.T) {
	for text, want := range map[string]struct {
		voluntary, involuntary uint64
		ok                     bool
	}{
		"Name:\tx\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n": {150, 545, true},
		"voluntary_ctxt_switches:\t150\n":                                             {},
		"voluntary_ctxt_switches:\t-1\nnonvoluntary_ctxt_switches:\t545\n":            {},
		"": {},
	} {
		voluntary, involuntary, err := parseSwitches([]byte(text))
		if (err == nil) != want.ok || want.ok && (voluntary != want.voluntary || involuntary != want.involuntary) {
			t.Errorf("%q: %d, %d, %v", text, voluntary, involuntary, err)
		}
	}
}
