package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// real is a real interpreter of this machine that has an opcode table.
func real(t testing.TB) (path string, b []byte) {
	t.Helper()
	builds := pythons(t)
	names := make([]string, 0, len(builds))
	for name := range builds {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f, p := openQuietly(builds[name])
		if f == nil {
			continue
		}
		f.Close()
		if p.Traits.LegacyFrame || f.Machine() != elf.X86_64 {
			continue
		}
		b, err := os.ReadFile(builds[name])
		if err != nil {
			t.Fatal(err)
		}
		return builds[name], b
	}
	t.Skip("no CPython from 3.11 on here")
	return "", nil
}

// moved is the same file but for one handler, which begins elsewhere: in a
// function that nobody needs, with a jump to where it was. Size and build ID
// stay.
func moved(t *testing.T, f *elf.File, p *cpython.Python, b []byte) []byte {
	t.Helper()
	text, err := openText(f)
	if err != nil {
		t.Fatal(err)
	}
	table, err := findTable(f, text, p.Opcodes)
	if err != nil {
		t.Fatal(err)
	}
	cave, ok := f.Symbol("Py_GetCopyright")
	at, inFile := f.Offset(cave.Address)
	if !ok || !inFile || cave.Size < 5 {
		t.Fatalf("Py_GetCopyright: %+v", cave)
	}
	b = bytes.Clone(b)
	slot, handler := table.address+8*uint64(p.Opcodes.Hot.Code), table.handlers[p.Opcodes.Hot.Code]
	b[at] = 0xe9
	le.PutUint32(b[at+1:], uint32(handler-cave.Address-5))
	// Where the pointer is: in a relocation, or in its place.
	relocation := le.AppendUint64(le.AppendUint64(le.AppendUint64(nil, slot), 8), handler)
	if n := bytes.Index(b, relocation); n >= 0 {
		le.PutUint64(b[n+16:], cave.Address)
	} else {
		n, _ := f.Offset(slot)
		le.PutUint64(b[n:], cave.Address)
	}
	return b
}

func openBytes(t testing.TB, b []byte) (*elf.File, *cpython.Python) {
	t.Helper()
	f, err := elf.New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	p, err := cpython.Describe(f, "libpython3.so")
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

// TestCopyHasItsOwnPlan: a copy of an interpreter that keeps size and build ID
// and moves one handler has a plan of its own, the interpreter's stays what it
// was, and neither is taken for the other file.
func TestCopyHasItsOwnPlan(t *testing.T) {
	path, b := real(t)
	f, p := open(t, path)
	other := moved(t, f, p, b)
	g, q := openBytes(t, other)
	if f.Size() != g.Size() {
		t.Fatal("the sizes differ")
	}
	c := Cache{t.TempDir()}
	plan, err := c.Find(f, p)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := c.Find(g, q)
	if err != nil {
		t.Fatal(err)
	}
	one, err := KeyOf(f, p)
	two, err2 := KeyOf(g, q)
	if one == two || err != nil || err2 != nil {
		t.Errorf("keys %v and %v, %v, %v", one, two, err, err2)
	}
	if texts(plan) == texts(copied) && plan.Calls[0].Address == copied.Calls[0].Address {
		t.Log("the moved handler has the same sites") // allowed: it goes where it was
	}
	for name, err := range map[string]error{"the copy's plan": Validate(f, copied), "the interpreter's plan": Validate(g, plan)} {
		if !errors.Is(err, ErrOtherFile) {
			t.Errorf("%s in the other file: %v", name, err)
		}
	}
	if err := errors.Join(Validate(f, plan), Validate(g, copied)); err != nil {
		t.Error(err)
	}
	f, p = open(t, path)
	again, err := c.Find(f, p)
	if err != nil || texts(again) != texts(plan) || again.Calls[0].Address != plan.Calls[0].Address {
		t.Errorf("the interpreter's plan has become %+v, %v", again, err)
	}
	if files, _ := os.ReadDir(c.Dir); len(files) != 2 {
		t.Errorf("%d plans are kept", len(files))
	}
}

// inTheMiddle finds an address within an instruction of a site's function where
// the bytes look like a cheap instruction.
func inTheMiddle(t *testing.T, f *elf.File, of Site) Site {
	t.Helper()
	text, err := openText(f)
	if err != nil {
		t.Fatal(err)
	}
	fn, ok := f.CodeAt(of.Address)
	if !ok {
		t.Fatalf("no function has %#x", of.Address)
	}
	s := text.sweep(fn.Start, fn.End)
	for _, start := range s.starts {
		i := text.decode(start)
		for at := start + 1; at < i.next(); at++ {
			if text.decode(at).cheap {
				of.Address = at
				return text.finish(of)
			}
		}
	}
	t.Fatal("no such bytes")
	return Site{}
}

// TestMiddleOfInstruction: a site within an instruction is refused, though the
// file has its bytes.
func TestMiddleOfInstruction(t *testing.T) {
	path, _ := real(t)
	f, p := open(t, path)
	plan, err := Find(f, p)
	if err != nil {
		t.Fatal(err)
	}
	wrong := *plan
	site := inTheMiddle(t, f, Site{Address: plan.Calls[0].Address, Code: None, Frame: rbx, Next: None, Throw: None})
	wrong.Calls = append(plan.Calls[1:len(plan.Calls):len(plan.Calls)], site)
	if err := Validate(f, &wrong); err == nil {
		t.Error("a plan with it is valid")
	}
	b, err := json.Marshal(&wrong)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := restore(f, p, b); err == nil || !strings.Contains(err.Error(), "in the middle of the instruction") {
		t.Errorf("out of the cache: %v", err)
	}
	if err := ValidateSites(f, []Site{site}); err == nil || !strings.Contains(err.Error(), "in the middle of the instruction") {
		t.Errorf("alone: %v", err)
	}
	if err := Validate(f, &Plan{Calls: plan.Calls}); err == nil {
		t.Error("a plan that was not proven is valid")
	}
}

// recorder notes what is read of a file.
type recorder struct {
	in   *bytes.Reader
	read map[int64]bool // pieces of 64 bytes
}

func (r *recorder) ReadAt(b []byte, at int64) (int, error) {
	for k := at / 64; k*64 < at+int64(len(b)); k++ {
		r.read[k] = true
	}
	return r.in.ReadAt(b, at)
}

// TestKeyCoversAll: nothing is read of any interpreter here that its key does
// not depend on, by whatever finds or checks sites in it.
func TestKeyCoversAll(t *testing.T) {
	for name, path := range pythons(t) {
		t.Run(name, func(t *testing.T) {
			if f, _ := openQuietly(path); f == nil {
				t.Skip("no CPython of ours")
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r := &recorder{bytes.NewReader(b), map[int64]bool{}}
			f, err := elf.New(r, int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			headers := r.read // their meaning is in the key
			r.read = map[int64]bool{}
			p, err := cpython.Describe(f, filepath.Base(path))
			if err != nil {
				t.Fatal(err)
			}
			described := r.read
			r.read = map[int64]bool{}
			if _, err := KeyOf(f, p); err != nil {
				t.Fatal(err)
			}
			hashed := r.read
			r.read = described
			plan, err := Find(f, p)
			if err != nil {
				t.Fatal(err)
			}
			if err := Validate(f, plan); err != nil {
				t.Error(err)
			}
			_, _ = FindParking(f)
			_, _ = Callers(f, "pthread_cond_signal", "pthread_cond_timedwait", "pthread_cond_wait")
			_ = ValidateSites(f, plan.all())
			for k := range r.read {
				if !hashed[k] && !headers[k] {
					t.Fatalf("what is at %#x is not in the key", k*64)
				}
			}
		})
	}
}

// changes is a file that its owner replaces once it was read to its end.
type changes struct {
	now, then []byte
	reads     int
}

func (c *changes) ReadAt(b []byte, at int64) (int, error) {
	if c.reads--; c.reads == 0 {
		c.now = c.then
	}
	return bytes.NewReader(c.now).ReadAt(b, at)
}

// TestChangesWhileRead: a file that becomes another while it is read never gets
// a plan under the first one's key.
func TestChangesWhileRead(t *testing.T) {
	path, b := real(t)
	f, p := open(t, path)
	key, err := KeyOf(f, p)
	if err != nil {
		t.Fatal(err)
	}
	other := moved(t, f, p, b)
	for _, after := range []int{2, 20, 200, 300, 330, 400, 500, 600, 800} {
		c := Cache{t.TempDir()}
		in := &changes{now: b, then: other, reads: after}
		g, err := elf.New(in, int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		q, err := cpython.Describe(g, "libpython3.so")
		if err != nil {
			continue
		}
		plan, err := c.Find(g, q)
		if err == nil {
			err = Validate(g, plan)
		}
		t.Logf("after %d reads: %v", after, err)
		if err == nil && in.reads < 0 {
			if k, _ := KeyOf(g, q); k == key {
				// The parts that changed were read before they did.
				if again, err := Find(f, p); err != nil || texts(again) != texts(plan) || again.Calls[0].Address != plan.Calls[0].Address {
					t.Errorf("after %d reads: another file's plan has the key", after)
				}
			}
		}
		g.Close()
	}
}

// FuzzRestore: whatever a cache holds, what is taken from it begins
// instructions of the file, in its text.
func FuzzRestore(f *testing.F) {
	path, _ := real(f)
	file, p := openQuietly(path)
	plan, err := Find(file, p)
	if err != nil {
		f.Fatal(err)
	}
	good, err := json.Marshal(plan)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}"))
	f.Add([]byte(`{"Calls":[{"Address":1,"Bytes":"kA=="}]}`))
	f.Add(bytes.Replace(good, []byte(`"When":0`), []byte(`"When":1`), 1))
	text, err := openText(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := restore(file, p, b)
		if err != nil {
			return
		}
		if err := Validate(file, got); err != nil {
			t.Error(err)
		}
		for _, s := range got.all() {
			if i := text.decode(s.Address); int(i.size) != len(s.Bytes) || i.flow == stops || s.Condition > 15 || s.When > IfNotTaken {
				t.Errorf("%+v", s)
			}
		}
	})
}

func BenchmarkKey(b *testing.B) {
	for name, path := range pythons(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f, p := open(b, path)
				if _, err := KeyOf(f, p); err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
		})
	}
}

func BenchmarkValidate(b *testing.B) {
	for name, path := range pythons(b) {
		b.Run(name, func(b *testing.B) {
			f, p := open(b, path)
			plan, err := Cache{}.Find(f, p)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := Validate(f, plan); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
