package proc

import (
	"bytes"
	"errors"
	"strconv"
)

// ThreadSwitches is how often a thread has left its CPU since it started: by
// itself, and because it was preempted.
func (f *FS) ThreadSwitches(pid, tid int) (voluntary, involuntary uint64, err error) {
	name := "task/" + pidName(tid) + "/status"
	data, err := f.read(pid, name, maxFile)
	if err != nil {
		return 0, 0, err
	}
	if voluntary, involuntary, err = parseSwitches(data); err != nil {
		return 0, 0, f.wrap("parse", pid, name, err)
	}
	return voluntary, involuntary, nil
}

// parseSwitches parses the two lines "voluntary_ctxt_switches:\tN" and
// "nonvoluntary_ctxt_switches:\tN".
func parseSwitches(data []byte) (voluntary, involuntary uint64, err error) {
	found := 0
	for line := range bytes.Lines(data) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		to := map[string]*uint64{"voluntary_ctxt_switches": &voluntary, "nonvoluntary_ctxt_switches": &involuntary}[string(key)]
		if to == nil {
			continue
		}
		if *to, err = strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 64); err != nil {
			return 0, 0, err
		}
		found++
	}
	if found != 2 {
		return 0, 0, errors.New("it has no counts of context switches")
	}
	return voluntary, involuntary, nil
}
