package tui

import (
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// TestNativeShown: it is below its hold, among a thread's details.
func TestNativeShown(t *testing.T) {
	m := gilScreen(140, 40)
	m.Shown.GILs[0].LongHolds = []collect.LongHold{{TID: 8, Lasted: 150 * time.Millisecond, Native: collect.Native{
		Ran: collect.NativeLooks{Stack: []collect.NativeFrame{{Module: "libcrypto.so.3", Symbol: "EVP_DigestUpdate"}}, Hits: 3, Looks: 4, Cut: true}}}}
	gils(m).Details.ID = 2
	text := screenText(m)
	if a, b := strings.Index(text, "held it for 150 ms"), strings.Index(text, "in      EVP_DigestUpdate  libcrypto.so.3  ~75 % (3 of 4 samples)"); a < 0 || b < a {
		t.Error(text)
	}
}
