package proc

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const someMaps = `00400000-00401000 r--p 00000000 08:01 1234                               /usr/bin/python3.13
00401000-006f5000 r-xp 00001000 08:01 1234                               /usr/bin/python3.13
01a3f000-01b60000 rw-p 00000000 00:00 0                                  [heap]
7f0000000000-7f0000021000 rw-p 00000000 00:00 0 
7f3aa8a00000-7f3aa8e50000 r-xp 000de000 fe:123 987654321                 /opt/a b/libpython3.13.so.1.0 (deleted)
7f3aa9000000-7f3aa9001000 r--s 00000000 00:2a 7                          /tmp/new\012line  two
7ffd0b5f2000-7ffd0b613000 rw-p 00000000 00:00 0                          [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`

func TestParseMaps(t *testing.T) {
	got, err := ParseMaps(strings.NewReader(someMaps))
	if err != nil {
		t.Fatal(err)
	}
	want := []Mapping{
		{Start: 0x400000, End: 0x401000, Perms: "r--p", Major: 8, Minor: 1, Inode: 1234, Path: "/usr/bin/python3.13"},
		{Start: 0x401000, End: 0x6f5000, Perms: "r-xp", Offset: 0x1000, Major: 8, Minor: 1, Inode: 1234,
			Path: "/usr/bin/python3.13"},
		{Start: 0x1a3f000, End: 0x1b60000, Perms: "rw-p", Path: "[heap]"},
		{Start: 0x7f0000000000, End: 0x7f0000021000, Perms: "rw-p"},
		{Start: 0x7f3aa8a00000, End: 0x7f3aa8e50000, Perms: "r-xp", Offset: 0xde000, Major: 0xfe, Minor: 0x123,
			Inode: 987654321, Path: "/opt/a b/libpython3.13.so.1.0", Deleted: true},
		{Start: 0x7f3aa9000000, End: 0x7f3aa9001000, Perms: "r--s", Minor: 0x2a, Inode: 7, Path: "/tmp/new\nline  two"},
		{Start: 0x7ffd0b5f2000, End: 0x7ffd0b613000, Perms: "rw-p", Path: "[stack]"},
		{Start: 0xffffffffff600000, End: 0xffffffffff601000, Perms: "--xp", Path: "[vsyscall]"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, executable := range []bool{false, true, false, false, true, false, false, true} {
		if got[i].Executable() != executable || got[i].File() != (got[i].Inode != 0) {
			t.Errorf("mapping %d: executable %t, file %t", i, got[i].Executable(), got[i].File())
		}
	}
}

func TestParseMapsRefuses(t *testing.T) {
	tests := []struct {
		name, text string
		want       error
	}{
		{"empty line", "\n", nil},
		{"words", "no mappings here today\n", nil},
		{"backwards", "2000-1000 r-xp 0 08:01 5 /x\n", nil},
		{"too many digits", "100000000000000000-100000000000000001 r-xp 0 08:01 5 /x\n", nil},
		{"long line", "1000-2000 r-xp 0 08:01 5 /" + strings.Repeat("x", maxMapLine) + "\n", ErrTooLarge},
		{"endless", strings.Repeat("1000-2000 r-xp 0 08:01 5 /\n", maxMappings+1), ErrTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseMaps(strings.NewReader(test.text))
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("%d mappings, %v", len(got), err)
			}
		})
	}
}

func FuzzMaps(f *testing.F) {
	f.Add(someMaps)
	f.Add("1000-2000 r-xp 0 08:01 5 x (deleted)")
	f.Add("-")
	f.Add("1-2 rwxp 0 0: 0")
	f.Fuzz(func(t *testing.T, text string) {
		maps, err := ParseMaps(strings.NewReader(text))
		if err != nil && maps != nil {
			t.Errorf("both %d mappings and %v", len(maps), err)
		}
		for _, m := range maps {
			if m.End < m.Start || len(m.Perms) != 4 || m.Deleted && m.Inode == 0 {
				t.Errorf("%+v", m)
			}
		}
	})
}
