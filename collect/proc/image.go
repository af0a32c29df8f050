package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// Image tells one program of a process from another that it exec'd: an exec
// changes at least one field, unless the same program was started again at the
// same addresses with arguments and environment of the same length.
type Image struct {
	Dev, Inode uint64 // of its executable
	StartCode  uint64 // address of its code
	ArgStart   uint64 // address of its arguments
	EnvEnd     uint64 // address behind its environment
}

// Image looks at which program a process runs now. Addresses are 0 where
// pytop may not trace the process. A process that has ended gives ErrNoProcess.
func (f *FS) Image(pid int) (Image, error) {
	const startCode, argStart, envEnd = 26, 48, 51 // numbered from 1, as in proc(5)
	data, err := f.read(pid, "stat", 4096)
	if err != nil {
		return Image{}, err
	}
	end := bytes.LastIndexByte(data, ')')
	fields := bytes.Fields(data[end+1:])
	if end < 0 || len(fields) < envEnd-2 {
		return Image{}, fmt.Errorf("read the image of process %d: %d fields", pid, len(fields))
	}
	field := func(n int) uint64 {
		v, _ := strconv.ParseUint(string(fields[n-3]), 10, 64) // not a number: as not permitted
		return v
	}
	image := Image{StartCode: field(startCode), ArgStart: field(argStart), EnvEnd: field(envEnd)}
	if about, err := os.Stat(f.path(pid, "exe")); err == nil {
		if stat, ok := about.Sys().(*syscall.Stat_t); ok {
			image.Dev, image.Inode = stat.Dev, stat.Ino
		}
	}
	return image, nil
}
