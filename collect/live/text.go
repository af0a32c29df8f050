package live

import (
	"errors"
	"runtime"

	"github.com/cilium/ebpf/link"

	"pytop/collect/live/inspect"
)

// ErrTextNotCompared: what a breakpoint looks like is known of x86-64 alone.
var ErrTextNotCompared = errors.New("not compared on this machine: its breakpoints are not known")

// Text is how a process's code differs from its files.
type Text struct {
	Files  []string // that were compared
	Left   int      // breakpoints that belong to nobody who lives, as far as can be told
	Owned  int      // breakpoints of a BPF link that is there
	Others int      // bytes that differ otherwise
	Unsure bool     // the kernel does not tell all links' places: some of Left may be theirs
}

// texts compares the code of a process with its files.
func texts(pid int, l *inspect.Located) (Text, error) {
	if runtime.GOARCH != "amd64" {
		return Text{}, ErrTextNotCompared
	}
	list, err := inspect.Texts(pid, l)
	if err != nil {
		return Text{}, err
	}
	var sum Text
	var owned map[uint64]bool
	for _, one := range list {
		sum.Files = append(sum.Files, one.File)
		sum.Others += one.Others
		if len(one.Breakpoints) > 0 && owned == nil {
			owned, sum.Unsure = linked(pid)
		}
		for _, at := range one.Breakpoints {
			if owned[at] {
				sum.Owned++
			} else {
				sum.Left++
			}
		}
	}
	return sum, nil
}

// linked are the offsets at which BPF links have breakpoints in a process.
// Offsets of any file count: the kernel's name of a file is none to compare.
// unsure: there may be more.
func linked(pid int) (offsets map[uint64]bool, unsure bool) {
	offsets = map[uint64]bool{}
	var it link.Iterator
	defer it.Close()
	for it.Next() {
		info, err := it.Link.Info()
		switch {
		case err != nil:
			unsure = true
		case info.Type == link.PerfEventType:
			event := info.PerfEvent()
			unsure = unsure || event == nil || event.Type == link.PerfEventUnspecified || event.Type == link.PerfEventUprobe || event.Type == link.PerfEventUretprobe
		case info.Type == link.UprobeMultiType:
			multi := info.UprobeMulti()
			if multi == nil {
				unsure = true
				continue
			}
			list, told := multi.Offsets()
			of, _ := multi.Pid()
			if !told {
				unsure = true
			} else if of == 0 || int(of) == pid {
				for _, one := range list {
					offsets[one.Offset] = true
				}
			}
		}
	}
	return offsets, unsure || it.Err() != nil
}
