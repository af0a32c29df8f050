package inspect

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pytop/collect/proc"
)

// TestText: breakpoints are told from other changes, in all chunks, and what is
// behind the file's end is not read.
func TestText(t *testing.T) {
	const size = 2*textChunk + 100
	file := bytes.Repeat([]byte{0x90}, size)
	file[50] = 0xcc // padding between functions
	memory := append(bytes.Clone(file), make([]byte, 4096)...)
	m := proc.Mapping{Start: 0x400000, End: 0x400000 + size + 4096 - 4096%8, Offset: 4096, Path: "/python"}
	for _, at := range []int{10, textChunk - 1, textChunk, size - 1} {
		memory[at] = 0xcc
	}
	copy(memory[2000:], []byte{0xcc, 0xe9, 0, 0, 0}) // a jump
	memory[3000] = 0xeb
	var text Text
	err := text.compare(m, bytes.NewReader(append(make([]byte, 4096), file...)), func(at uint64, b []byte) error {
		if int(at-m.Start)+len(b) > size {
			return errors.New("it read behind the file's end")
		}
		copy(b, memory[at-m.Start:])
		return nil
	})
	want := []uint64{4096 + 10, 4096 + textChunk - 1, 4096 + textChunk, 4096 + size - 1}
	if err != nil || !slices.Equal(text.Breakpoints, want) || text.Others != 6 {
		t.Errorf("breakpoints at %#x, want %#x; %d others, want 6; %v", text.Breakpoints, want, text.Others, err)
	}
}

// TestTextLong: a mapping can claim any length.
func TestTextLong(t *testing.T) {
	m := proc.Mapping{Start: 0x1000, End: 0x1000 + mostText + 4096, Perms: "r-xp", Inode: 7, Path: "/python"}
	if _, err := textOf(1, []proc.Mapping{m}, m, bytes.NewReader(nil)); !errors.Is(err, ErrTextTooLong) {
		t.Error(err)
	}
}
