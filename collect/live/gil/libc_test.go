package gil

import (
	"testing"

	"pytop/collect/proc"
)

func TestConditionFiles(t *testing.T) {
	var maps []proc.Mapping
	for i, path := range []string{"/usr/bin/python3.9", "/lib/libm.so.6", "/lib/libc-2.31.so", "/lib/libpthread-2.31.so"} {
		maps = append(maps, proc.Mapping{Perms: "r-xp", Inode: uint64(i + 1), Path: path})
	}
	var got []string
	for _, m := range conditionFiles(maps) {
		got = append(got, m.Path)
	}
	// Before glibc 2.34 libc has only stubs that lead to libpthread.
	if len(got) != 3 || got[0] != "/lib/libpthread-2.31.so" || got[1] != "/lib/libc-2.31.so" || got[2] != "/usr/bin/python3.9" {
		t.Errorf("%q", got)
	}
}
