package proc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Bounds on what is read of a process's maps: vm.max_map_count is 65,530 and
// at most some hundred thousand where it was raised; a path has 4,096 bytes,
// each written with up to 4.
const (
	maxMappings = 1 << 20
	maxMapLine  = 20 << 10
)

// Mapping is a range of a process's memory.
type Mapping struct {
	Start, End uint64 // addresses; End is behind the last byte
	Perms      string // "r-xp": read, write, execute, private or shared
	Offset     uint64 // in the file, bytes
	Major      uint32 // the file's device, as the kernel has it: on btrfs and
	Minor      uint32 // overlayfs stat(2) may say another
	Inode      uint64 // 0: no file
	// Path of the file as seen from our root directory, "[heap]" and the
	// like, or empty. Not sanitised. A file whose name ends in " (deleted)"
	// cannot be told from a deleted one, nor \012 in it from a new line.
	Path    string
	Deleted bool // the file is no longer there under that name
}

// FileID tells files apart, as the kernel numbers them.
type FileID struct {
	Major, Minor uint32
	Inode        uint64
}

// ID is which file is mapped.
func (m Mapping) ID() FileID { return FileID{m.Major, m.Minor, m.Inode} }

// Executable tells whether the memory holds code.
func (m Mapping) Executable() bool { return len(m.Perms) > 2 && m.Perms[2] == 'x' }

// File tells whether a file is mapped.
func (m Mapping) File() bool { return m.Inode != 0 }

// Maps reads a process's memory mappings in ascending order; 0 is pytop
// itself. A zombie or kernel thread has none. Needs the same user or
// CAP_SYS_PTRACE: errors.Is(err, fs.ErrPermission).
func (f *FS) Maps(pid int) ([]Mapping, error) {
	file, err := f.fsys.Open(pidName(pid) + "/maps")
	if err != nil {
		return nil, f.wrap("read", pid, "maps", err)
	}
	defer file.Close()
	maps, err := ParseMaps(file)
	if err != nil {
		return nil, f.wrap("parse", pid, "maps", err)
	}
	return maps, nil
}

// ParseMaps parses text as in /proc/PID/maps.
func ParseMaps(r io.Reader) ([]Mapping, error) {
	var maps []Mapping
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxMapLine)
	for lines.Scan() {
		if len(maps) == maxMappings {
			return nil, fmt.Errorf("more than %d mappings: %w", maxMappings, ErrTooLarge)
		}
		mapping, err := parseMapping(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(maps)+1, err)
		}
		maps = append(maps, mapping)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: %w", len(maps)+1, ErrTooLarge)
	} else if err != nil {
		return nil, err
	}
	return maps, nil
}

// parseMapping parses "START-END PERMS OFFSET MAJOR:MINOR INODE   PATH".
func parseMapping(line []byte) (Mapping, error) {
	var fields [5][]byte
	rest := line
	for i := range fields {
		fields[i], rest, _ = bytes.Cut(rest, []byte(" "))
	}
	start, end, _ := bytes.Cut(fields[0], []byte("-"))
	major, minor, _ := bytes.Cut(fields[3], []byte(":"))
	m := Mapping{Perms: string(fields[1])}
	var device [2]uint64
	for _, number := range []struct {
		text []byte
		base int
		bits int
		into *uint64
	}{
		{start, 16, 64, &m.Start},
		{end, 16, 64, &m.End},
		{fields[2], 16, 64, &m.Offset},
		{major, 16, 32, &device[0]},
		{minor, 16, 32, &device[1]},
		{fields[4], 10, 64, &m.Inode},
	} {
		var err error
		if *number.into, err = strconv.ParseUint(string(number.text), number.base, number.bits); err != nil {
			return Mapping{}, fmt.Errorf("%q: %w", head(line), err)
		}
	}
	if m.End < m.Start || len(m.Perms) != 4 {
		return Mapping{}, fmt.Errorf("%q: no range or no permissions", head(line))
	}
	m.Major, m.Minor = uint32(device[0]), uint32(device[1])
	// The kernel pads with spaces up to the path; a file's begins with a slash.
	path := strings.TrimLeft(string(rest), " ")
	if m.Inode != 0 {
		path, m.Deleted = strings.CutSuffix(path, " (deleted)")
	}
	m.Path = strings.ReplaceAll(path, `\012`, "\n")
	return m, nil
}
