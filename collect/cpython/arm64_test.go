package cpython

import (
	"path/filepath"
	"testing"

	"pytop/collect/elf"
)

// TestARM64 describes Debian's builds for arm64: none is run here.
func TestARM64(t *testing.T) {
	var files []string
	for _, pattern := range []string{"arm64-*/usr/bin/python3.*", "arm64-*/usr/lib/aarch64-linux-gnu/libpython3.*.so.1.0"} {
		some, err := filepath.Glob(filepath.Join(pythons(t), pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, some...)
	}
	if len(files) == 0 {
		t.Skip("no Python for arm64 here: testdata/pythons.sh arm64")
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := elf.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			p, err := Describe(f, path)
			if err != nil {
				t.Fatal(err)
			}
			o := p.Offsets
			if f.Machine() != elf.AArch64 || o.Frame.InstrPtr != 56 || o.Frame.Executable != 0 && o.Frame.Executable != 32 || o.Object.Type != 8 || !p.Traits.Stripped {
				t.Errorf("%v %s %+v %+v", f.Machine(), p.Version, o.Frame, p.Traits)
			}
			if o.GIL.SwitchCond != o.GIL.Mutex+48 || o.GIL.SwitchMutex != o.GIL.SwitchCond+48 || o.GIL.Size != o.GIL.SwitchMutex+48 {
				t.Errorf("%+v", o.GIL)
			}
			if told := o.Interpreter.Next != Absent; told != (o.Interpreter.GIL != Absent) {
				t.Errorf("%+v", o.Interpreter)
			}
		})
	}
}
