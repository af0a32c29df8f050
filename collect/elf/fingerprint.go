package elf

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Fingerprint is a strong hash (SHA-256) of all that this package can tell of a
// file but names in .symtab: files with equal ones are the same to whoever asks.
type Fingerprint [sha256.Size]byte

// blockSize is in what pieces a file is hashed and, from then on, read.
const blockSize = 16 << 10

// seal are the hashes of a file's blocks. What is read after they were taken is
// held against them, so that all of it is of the bytes that were hashed.
type seal struct {
	print Fingerprint
	spans []span
	sums  [][sha256.Size]byte // of the blocks of all spans, one after the other
	last  []byte              // a block that was read and is right: small reads come in crowds
	at    uint64              // which block that is
}

// Fingerprint hashes all that is mapped of the file and what else is read to
// understand it, block by block. From then on every read of these parts is held
// against what was hashed: bytes that have changed are ErrChanged, never
// believed. What was read before is dropped.
func (f *File) Fingerprint() (Fingerprint, error) {
	if f.seal != nil {
		return f.seal.print, nil
	}
	if err := f.mayLoad(); err != nil {
		return Fingerprint{}, err
	}
	s := &seal{spans: f.covered()}
	h := sha256.New()
	if err := errors.Join(
		binary.Write(h, le, f.segments),
		binary.Write(h, le, []uint64{f.size, uint64(f.machine), f.dynamicAt, f.dynamicSize, f.unwind.at}),
		binary.Write(h, le, []uint64{f.sectionsAt, uint64(f.sectionCount), uint64(f.sectionNames), f.sectionText.Offset, f.sectionText.Size}),
		binary.Write(h, le, f.fixed),
	); err != nil {
		return Fingerprint{}, err
	}
	block := make([]byte, blockSize)
	for _, p := range s.spans {
		for i := p.first; i < p.end; i++ {
			b := block[:min(blockSize, f.size-i*blockSize)]
			if err := f.readRaw(b, i*blockSize); err != nil {
				return Fingerprint{}, fmt.Errorf("fingerprint: %w", err)
			}
			s.sums = append(s.sums, sha256.Sum256(b))
			h.Write(binary.LittleEndian.AppendUint64(nil, i))
			h.Write(s.sums[len(s.sums)-1][:])
		}
	}
	h.Sum(s.print[:0])
	f.Release()
	f.seal = s
	return s.print, nil
}

// sum is the hash of a block; nil: it is not sealed.
func (s *seal) sum(block uint64) *[sha256.Size]byte {
	before := uint64(0)
	for _, p := range s.spans {
		if block < p.first {
			return nil
		}
		if block < p.end {
			return &s.sums[before+block-p.first]
		}
		before += p.end - p.first
	}
	return nil
}

// readRaw fills b from an offset of the file. An end that was not there is a
// file that was cut short.
func (f *File) readRaw(b []byte, offset uint64) error {
	if len(b) == 0 {
		return nil
	}
	n, err := f.in.ReadAt(b, int64(offset))
	if n == len(b) {
		return nil // at its end a reader may say so
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends at %#x", ErrChanged, offset+uint64(n))
	}
	return err
}

// readAt fills b from an offset of the file, which has so many bytes; sealed
// blocks must be what they were.
func (f *File) readAt(b []byte, offset uint64) error {
	if f.seal == nil {
		return f.readRaw(b, offset)
	}
	for len(b) > 0 {
		i, skip := offset/blockSize, offset%blockSize
		whole := min(blockSize, f.size-i*blockSize)
		part := b[:min(uint64(len(b)), whole-skip)]
		if err := f.readBlock(part, i, skip, whole); err != nil {
			return err
		}
		b, offset = b[len(part):], offset+uint64(len(part))
	}
	return nil
}

// readBlock fills b from a block of so many bytes, whose first skip it leaves out.
func (f *File) readBlock(b []byte, i, skip, whole uint64) error {
	s := f.seal
	sum := s.sum(i)
	switch {
	case sum == nil:
		return f.readRaw(b, i*blockSize+skip)
	case uint64(len(b)) == whole:
		return f.readSealed(b, i, sum)
	}
	if s.last == nil || s.at != i {
		last := s.last[:0]
		s.last = nil
		if uint64(cap(last)) < whole {
			last = make([]byte, blockSize)
		}
		last = last[:whole]
		if err := f.readSealed(last, i, sum); err != nil {
			return err
		}
		s.last, s.at = last, i
	}
	copy(b, s.last[skip:])
	return nil
}

func (f *File) readSealed(b []byte, i uint64, sum *[sha256.Size]byte) error {
	if err := f.readRaw(b, i*blockSize); err != nil {
		return err
	}
	if sha256.Sum256(b) != *sum {
		return fmt.Errorf("%w: what is at %#x", ErrChanged, i*blockSize)
	}
	return nil
}
