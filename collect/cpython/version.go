package cpython

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"pytop/collect/elf"
)

var le = binary.LittleEndian

// The minors of Python 3 that the tables here know.
const (
	oldest = 8
	newest = 15
)

// version is which release a file is. micro < 0: not known.
type version struct {
	major, minor, micro int
	level               string // "a3", "rc1"; empty: final
}

func (v version) String() string {
	if v.micro < 0 {
		return fmt.Sprintf("%d.%d", v.major, v.minor)
	}
	return fmt.Sprintf("%d.%d.%d%s", v.major, v.minor, v.micro, v.level)
}

// decodeVersion reads PY_VERSION_HEX: a byte each for major, minor and micro,
// then four bits for the release level and four for its serial.
func decodeVersion(hex uint64) version {
	v := version{major: int(hex >> 24 & 0xff), minor: int(hex >> 16 & 0xff), micro: int(hex >> 8 & 0xff)}
	if name := map[uint64]string{0xa: "a", 0xb: "b", 0xc: "rc"}[hex>>4&0xf]; name != "" {
		v.level = name + strconv.Itoa(int(hex&0xf))
	}
	return v
}

// findVersion asks Py_Version (3.11+), then the cache tag among the constants
// ("cpython-38": of every CPython 3), then the names of the file.
func findVersion(f *elf.File, name string) (version, error) {
	if s, ok := f.Symbol("Py_Version"); ok {
		b, err := f.Read(s.Address, 8)
		if err != nil {
			return version{}, fmt.Errorf("Py_Version: %w", err)
		}
		if v := decodeVersion(le.Uint64(b)); v.major > 0 {
			return v, nil
		}
	}
	if v, ok, err := cacheTag(f); err != nil || ok {
		return v, err
	}
	for _, n := range []string{f.Soname(), filepath.Base(name)} {
		if v, ok := nameVersion(n); ok {
			return v, nil
		}
	}
	return version{}, fmt.Errorf("%w: it does not tell its version", ErrNotPython)
}

// cacheTag finds "cpython-38" among the constants. Two different ones: no answer.
func cacheTag(f *elf.File) (version, bool, error) {
	const tag, most = "cpython-", 64
	places, err := f.Find(tag, most)
	if err != nil {
		return version{}, false, err
	}
	found := version{}
	for _, at := range places {
		digits := f.Text(at+uint64(len(tag)), 8)
		if n := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); n >= 0 {
			digits = digits[:n]
		}
		if len(digits) < 2 || len(digits) > 4 {
			continue
		}
		minor, err := strconv.Atoi(digits[1:])
		v := version{int(digits[0] - '0'), minor, -1, ""}
		if err != nil || found.major != 0 && found != v {
			return version{}, false, nil
		}
		found = v
	}
	return found, found.major != 0, nil
}

// nameVersion reads "python3.8", "libpython3.8d.so.1.0" and the like.
func nameVersion(name string) (version, bool) {
	_, rest, ok := strings.Cut(name, "python")
	if !ok {
		return version{}, false
	}
	var v version
	if n, _ := fmt.Sscanf(rest, "%d.%d", &v.major, &v.minor); n != 2 || v.major < 1 || v.minor < 0 {
		return version{}, false
	}
	v.micro = -1
	return v, true
}
