package elf

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
)

// Open opens the ELF file at path, if it is a regular file: opening never waits
// for a pipe's writer or a device. The caller closes it.
func Open(path string) (*File, error) {
	o, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f, err := Of(o)
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	f.closer = o
	return f, nil
}

// Of reads an ELF file through an open file, which stays the caller's to close:
// what is attached to later is then the very file that was looked at.
func Of(o *os.File) (*File, error) {
	info, err := o.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: not a regular file", ErrNotELF)
	}
	var f *File
	if err == nil {
		f, err = New(o, info.Size())
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Name(), err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		f.onDisk = uint64(stat.Blocks) * 512
	}
	return f, nil
}

// Close closes the file and drops what it kept. Bytes handed out stay valid.
func (f *File) Close() error {
	f.Release()
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

const (
	// fewHoles is up to which size a file may be all holes: there is little to win.
	fewHoles = 32 << 20
	// packed is how many bytes may be in one on disk: ZFS and others compress.
	packed = 4
)

// mayLoad refuses a file that is mapped with more bytes than are worth looking
// at, or with many that are not on disk: holes cost its owner nothing.
func (f *File) mayLoad() error {
	n := uint64(0)
	for _, s := range f.covered() {
		n += s.end - s.first
	}
	n *= blockSize
	switch {
	case n > fewHoles && n/packed > f.onDisk:
		return fmt.Errorf("%w: %d MiB of it are mapped, and it has %d MiB on disk", ErrSparse, n>>20, f.onDisk>>20)
	case n > maxLoaded:
		return fmt.Errorf("%w: %d MiB of it are mapped, more than %d", ErrLarge, n>>20, maxLoaded>>20)
	}
	return nil
}

// span is blocks of the file: [first, end).
type span struct{ first, end uint64 }

// covered are the blocks of all that is mapped, and of what else New, Read and
// Section read: in order, each once.
func (f *File) covered() []span {
	var all []span
	add := func(offset, size uint64) {
		if offset < f.size && size > 0 {
			all = append(all, span{offset / blockSize, (offset+min(size, f.size-offset)-1)/blockSize + 1})
		}
	}
	for _, s := range f.segments {
		add(s.Offset, s.Size)
	}
	add(f.dynamicAt, min(f.dynamicSize, maxDynamic*16))
	add(f.sectionsAt, uint64(f.sectionCount)*sectionSize)
	add(f.sectionText.Offset, f.sectionText.Size)
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	merged := all[:0]
	for _, s := range all {
		if n := len(merged); n > 0 && s.first <= merged[n-1].end {
			merged[n-1].end = max(merged[n-1].end, s.end)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}
