package site

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// Key tells what a plan follows from: every byte of the file that is looked at,
// what cpython made of it, and the finder's version. Files with equal keys have
// one plan and one set of programs; nothing that the maker of a file chooses
// (name, size, build ID) stands in for its bytes.
type Key [sha256.Size]byte

// KeyOf is the key of a file. It reads all that is mapped of it the first time.
func KeyOf(f *elf.File, p *cpython.Python) (Key, error) {
	print, err := f.Fingerprint()
	if err != nil {
		return Key{}, err
	}
	h := sha256.New()
	fmt.Fprintf(h, "finder %d\n%x\n%#v\n", finder, print, *p)
	return Key(h.Sum(nil)), nil
}

func (k Key) String() string { return hex.EncodeToString(k[:]) }
