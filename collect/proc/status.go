package proc

import (
	"bytes"
	"fmt"
	"os/user"
	"strconv"
	"sync"
)

// Status is what /proc/PID/status says that stat does not.
type Status struct {
	TGID              int // the PID of the process that a thread belongs to
	UID, EffectiveUID int
	GID, EffectiveGID int
	Groups            []int
	// NSpid are the process's PIDs in each PID namespace, from that of /proc
	// to its own, which is last. One only: it is in no nested namespace.
	NSpid  []int
	Tracer int // PID of the debugger that traces it; 0: none
	Caps   Caps
}

// OwnPID is the process's PID in its own PID namespace (a container's).
func (s Status) OwnPID() int {
	if len(s.NSpid) == 0 {
		return 0
	}
	return s.NSpid[len(s.NSpid)-1]
}

// Status reads a process's users, capabilities and PIDs. 0 is pytop itself.
func (f *FS) Status(pid int) (Status, error) {
	data, err := f.read(pid, "status", maxFile)
	if err != nil {
		return Status{}, err
	}
	status, err := parseStatus(data)
	if err != nil {
		return Status{}, f.wrap("parse", pid, "status", err)
	}
	return status, nil
}

// parseStatus parses the lines "Key:\tvalues" that are wanted.
func parseStatus(data []byte) (Status, error) {
	var status Status
	for line := range bytes.Lines(data) {
		key, value, found := bytes.Cut(line, []byte(":"))
		if !found {
			continue
		}
		fields := bytes.Fields(value)
		var err error
		switch string(key) {
		case "Tgid":
			_, err = fmt.Sscan(string(value), &status.TGID)
		case "Uid":
			status.UID, status.EffectiveUID, err = parseTwo(fields)
		case "Gid":
			status.GID, status.EffectiveGID, err = parseTwo(fields)
		case "Groups":
			status.Groups, err = parseAll(fields)
		case "NSpid":
			status.NSpid, err = parseAll(fields)
		case "TracerPid":
			_, err = fmt.Sscan(string(value), &status.Tracer)
		case "CapEff":
			var bits uint64
			bits, err = strconv.ParseUint(string(bytes.TrimSpace(value)), 16, 64)
			status.Caps = Caps(bits)
		}
		if err != nil {
			return Status{}, fmt.Errorf("%s: %w", key, err)
		}
	}
	return status, nil
}

// parseTwo returns the first two of several numbers.
func parseTwo(fields [][]byte) (first, second int, err error) {
	all, err := parseAll(fields)
	if err != nil {
		return 0, 0, err
	}
	if len(all) < 2 {
		return 0, 0, fmt.Errorf("%d numbers, not 2", len(all))
	}
	return all[0], all[1], nil
}

// parseAll parses decimal numbers.
func parseAll(fields [][]byte) ([]int, error) {
	numbers := make([]int, 0, len(fields))
	for _, field := range fields {
		n, err := strconv.Atoi(string(field))
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

var userNames sync.Map // uid int → string: passwd is not read for every row

// UserName is the name of a user of this machine, or its number as text when
// it has none (a container's users have none here).
func UserName(uid int) string {
	if name, ok := userNames.Load(uid); ok {
		return name.(string)
	}
	name := strconv.Itoa(uid)
	if account, err := user.LookupId(name); err == nil {
		name = account.Username
	}
	userNames.Store(uid, name)
	return name
}
