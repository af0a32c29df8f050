package proc

import (
	"bufio"
	"bytes"
	"fmt"
	"time"
)

// BootOffset is what pytop's time namespace adds to the time since boot, in
// ns: start times in /proc have it added. 0 outside of one.
func BootOffset() int64 {
	data, err := System().read(0, "timens_offsets", maxFile)
	if err != nil {
		return 0 // a kernel without time namespaces
	}
	return parseBootOffset(data)
}

// parseBootOffset finds the line "boottime SECONDS NANOSECONDS".
func parseBootOffset(data []byte) int64 {
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		var clock string
		var seconds, ns int64
		if n, _ := fmt.Sscan(lines.Text(), &clock, &seconds, &ns); n == 3 && clock == "boottime" {
			return seconds*int64(time.Second) + ns
		}
	}
	return 0
}
