package elf

import (
	"crypto/sha256"
	"encoding/binary"
)

// Fingerprint tells files without a build ID apart without reading them whole:
// a hash of where everything is mapped, of all dynamic symbols with their
// addresses and sizes, and of samples of the text. Two builds that agree in all
// of these could differ only where no function's place or size does.
func (f *File) Fingerprint() ([]byte, error) {
	const every, sample = 64 << 10, 64
	h := sha256.New()
	if err := binary.Write(h, le, f.segments); err != nil {
		return nil, err
	}
	if err := f.loadDynamic(); err != nil {
		return nil, err
	}
	h.Write(f.dynamic.symbols)
	h.Write(f.dynamic.names)
	for _, s := range f.segments {
		if !s.Executable {
			continue
		}
		for at := uint64(0); at < s.Size; at += every {
			b, err := f.ReadFile(s.Offset+at, min(sample, s.Size-at))
			if err != nil {
				return nil, err
			}
			h.Write(b)
		}
	}
	return h.Sum(nil), nil
}
