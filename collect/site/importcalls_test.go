package site

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pytop/collect/elf"
)

var conditionFunctions = []string{"pthread_cond_signal", "pthread_cond_timedwait", "pthread_cond_wait"}

// kinds are how many calls of each function there are, with the others' marked.
func kinds(found [][]Site) string {
	var s []string
	for _, sites := range found {
		one := strconv.Itoa(len(sites))
		for _, site := range sites {
			if word := strings.Fields(site.Text)[0]; !strings.HasPrefix(word, "call") {
				one += " " + word
			}
		}
		s = append(s, one)
	}
	return strings.Join(s, ", ")
}

// gilCalls are what builds have in their own file of calls that signal, wait
// with a deadline, and wait: seen in their disassembly.
var gilCalls = []struct{ file, version, want string }{
	{"usr/bin/python3.11$", "3.11.2", "8, 1, 6"},
	{"/opt/(clang|relr)-3.11/", "3.11.2", "2, 1, 1"},
	{"trixie/usr/bin/python3.13$", "3.13.5", "13, 1, 11"},
	{"sid/usr/bin/python3.13$", "3.13.18", "15, 1, 13"},
	{"sid/usr/bin/python3.14$", "3.14.10", "11, 1, 8"},
	{"sid/usr/bin/python3.15$", "3.15.2", "12, 1, 9"},
	{"/libpython3.11.so.1.0$", "3.11.2", "2, 1, 1"},
	{"trixie/usr/lib.*/libpython3.13.so.1.0$", "3.13.5", "6, 1, 5"},
	{"sid/usr/lib.*/libpython3.13.so.1.0$", "3.13.18", "2, 1, 1"},
	{"sid/usr/lib.*/libpython3.14.so.1.0$", "3.14.10", "6, 1, 5"},
	{"sid/usr/lib.*/libpython3.15.so.1.0$", "3.15.2", "6, 1, 5"},
	{"/python3.[0-9]+d$|libpython3.[0-9]+d.so", "", "2, 1, 1"},
	{"[/-]3.8.18/", "", "3, 2, 1"},
	{"[/-]3.9.18/", "", "2, 1, 1"},
	{"[/-]3.10.13/", "", "2, 1, 1"},
	{"[/-]3.11.7/", "", "2, 1, 1"},
	{"[/-]3.12.1/", "", "2, 1, 1"},
	{"[/-]3.13.0/", "", "3, 1, 2"},
	{"/standalone-3.11.11/lib", "3.11.11", "10, 7, 13 jmpq"},
	{"/standalone-3.14.6/bin", "3.14.6", "25 jmpq, 3, 25 jmpq je"},
}

// TestCallers finds the calls in every interpreter of the matrix, and all of them.
func TestCallers(t *testing.T) {
	for name, path := range pythons(t) {
		t.Run(name, func(t *testing.T) {
			f, p := open(t, path)
			began := time.Now()
			found, err := Callers(f, conditionFunctions...)
			if f.Machine() != elf.X86_64 {
				var e *Error
				if !errors.As(err, &e) {
					t.Fatalf("%v, want an *Error", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("Python %s: %s calls in %v", p.Version, kinds(found), time.Since(began))
			for _, known := range gilCalls {
				if regexp.MustCompile(known.file).MatchString(path) && (known.version == "" || known.version == p.Version) && kinds(found) != known.want {
					t.Errorf("%s calls, want %s", kinds(found), known.want)
				}
			}
			for _, sites := range found {
				if err := ValidateSites(f, sites); err != nil {
					t.Error(err)
				}
				for _, s := range sites {
					if !s.Cheap || s.Code != None || s.Frame != None {
						t.Errorf("%+v", s)
					}
				}
			}
		})
	}
}

// TestCallersSeen compares what is found with what objdump shows.
func TestCallersSeen(t *testing.T) {
	objdump, err := exec.LookPath("objdump")
	if err != nil {
		t.Skip("no objdump: ", err)
	}
	for name, path := range pythons(t) {
		if name != "system" && !strings.HasPrefix(name, "pyenv 3.8") {
			continue // two will do: it takes its time
		}
		t.Run(name, func(t *testing.T) {
			f, _ := open(t, path)
			found, err := Callers(f, conditionFunctions...)
			if err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(objdump, "-d", "--no-show-raw-insn", path).Output()
			if err != nil {
				t.Fatal(err)
			}
			for n, name := range conditionFunctions {
				var want, got []string
				for line := range bytes.Lines(out) {
					if bytes.HasSuffix(line, []byte("<"+name+"@plt>\n")) {
						address, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
						want = append(want, string(address))
					}
				}
				for _, s := range found[n] {
					got = append(got, fmt.Sprintf("%x", s.Address))
				}
				if len(want) == 0 || !slices.Equal(got, want) {
					t.Errorf("%s: found at %v, objdump shows %v", name, got, want)
				}
			}
		})
	}
}

const (
	signals = ".globl signals\nsignals: .cfi_startproc\n push %rbx\n call pthread_cond_signal@PLT\n pop %rbx\n ret\n .cfi_endproc\n"
	waits   = `waits: .cfi_startproc
	cmp $-1,%rdx
	je pthread_cond_wait@PLT
	call pthread_cond_timedwait@PLT
	jmp pthread_cond_wait@PLT
	.cfi_endproc
`
)

// TestCallersMade looks at files of shapes that compilers and linkers make, or
// could make.
func TestCallersMade(t *testing.T) {
	function := func(body string) string { return "more: .cfi_startproc\n" + body + "\n ret\n .cfi_endproc\n" }
	shared := []string{"-shared", "-nostdlib"}
	for _, c := range []struct {
		name, text string
		how        []string
		want       string // kinds, or what the error says is found
	}{
		{"calls, a jump and a branch", signals + waits, shared, "1, 1, 2 je jmpq"},
		{"slots that are filled when it starts", signals + waits, append(shared, "-Wl,-z,now"), "1, 1, 2 je jmpq"},
		{"stubs with endbr64", signals + waits, append(shared, "-Wl,-z,ibtplt"), "1, 1, 2 je jmpq"},
		{"stubs with endbr64, slots that are filled", signals + waits, append(shared, "-Wl,-z,ibtplt", "-Wl,-z,now"), "1, 1, 2 je jmpq"},
		{"bnd", signals + waits + function("bnd call pthread_cond_signal@PLT"), shared, "2 bnd, 1, 2 je jmpq"},
		{"a constant as far away as a stub", signals + waits + function(".byte 0xb8\n .reloc .,R_X86_64_PLT32,pthread_cond_signal-4\n .long 0"), shared, "1, 1, 2 je jmpq"},
		{"a call through memory", signals + waits + function("call *pthread_cond_signal@GOTPCREL(%rip)"), shared, `"callq *`},
		{"a call through a register", signals + waits + function("mov pthread_cond_timedwait@GOTPCREL(%rip),%r13\n call *%r13"), shared, `"mov `},
		{"a jump through memory", signals + waits + function("pop %rbx\n jmp *pthread_cond_wait@GOTPCREL(%rip)"), shared, `"jmpq *`},
		{"a jump through memory that is a whole function", signals + waits + ".balign 8\n" + function("jmp *pthread_cond_wait@GOTPCREL(%rip)"), shared, "1, 1, 2 je jmpq"},
		{"the address of a stub", signals + waits + function("lea pthread_cond_signal@PLT(%rip),%rax"), shared, `"lea `},
		{"a pointer", signals + waits + ".data\n.quad pthread_cond_signal\n", shared, "a pointer to pthread_cond_signal"},
		{"a function that is not described", signals + waits + "more: call pthread_cond_signal@PLT\n ret\n", shared, "what may be a use of pthread_cond_signal"},
		{"what is no instruction before it", signals + waits + function(".byte 6\n call pthread_cond_signal@PLT"), shared, "what may be a use of pthread_cond_signal"},
		{"what is no instruction behind it", signals + waits + function("call pthread_cond_signal@PLT\n .byte 6"), shared, "2, 1, 2 je jmpq"},
		{"a jump into it", signals + waits + function("jmp 1f+2\n1: call pthread_cond_signal@PLT"), shared, "what may be a use of pthread_cond_signal"},
		{"no call of one", signals + "waits: .cfi_startproc\n jmp pthread_cond_wait@PLT\n .cfi_endproc\n", shared, "no slot for pthread_cond_timedwait"},
		{"functions of its own", signals + waits + ".globl pthread_cond_signal\npthread_cond_signal: ret\n", shared, "pthread_cond_signal in the file itself"},
		{"none of them", ".globl more\nmore: ret\n", shared, "no slot for pthread_cond_signal"},
		{"a program", signals + waits + ".globl main\nmain: ret\n", []string{"-no-pie", "-rdynamic", "-lpthread"}, "1, 1, 2 je jmpq"},
		{"a program that takes an address", signals + waits + ".globl main\nmain: mov $pthread_cond_signal,%eax\n ret\n", []string{"-no-pie", "-rdynamic", "-lpthread"}, "a pointer to pthread_cond_signal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := elf.Open(linked(t, "made", ".text\n"+c.text+".section .note.GNU-stack\n", c.how...))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			found, err := Callers(f, conditionFunctions...)
			got := kinds(found)
			var e *Error
			if errors.As(err, &e) {
				got = e.Found
			} else if err != nil {
				t.Fatal(err)
			}
			if err == nil && got != c.want || err != nil && (c.want[0] >= '1' && c.want[0] <= '9' || !strings.HasPrefix(got, c.want)) {
				t.Errorf("%s; want %s", got, c.want)
			}
			for _, sites := range found {
				for _, s := range sites {
					if branch := strings.HasPrefix(s.Text, "je"); !s.Cheap || branch != (s.When == IfTaken) || branch && s.Condition != 4 {
						t.Errorf("%+v", s)
					}
				}
			}
		})
	}
}

// A damaged file gives calls that are there, or an error, soon.
func FuzzCallers(f *testing.F) {
	good, err := os.ReadFile(linked(f, "made", ".text\n"+signals+waits+".section .note.GNU-stack\n", "-shared", "-nostdlib"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0x20), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	for at := 0; at < len(good); at += len(good) / 50 {
		f.Add(uint32(at), []byte{0xff})
		f.Add(uint32(at), bytes.Repeat([]byte{0}, 40))
	}
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		b := bytes.Clone(good)
		copy(b[uint64(at)%uint64(len(b)):], change)
		file, err := elf.New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		began := time.Now()
		found, err := Callers(file, conditionFunctions...)
		for n, sites := range found {
			if err != nil || len(sites) == 0 || ValidateSites(file, sites) != nil {
				t.Errorf("%s: %+v, %v", conditionFunctions[n], sites, err)
			}
		}
		if d := time.Since(began); d > stuck {
			t.Errorf("took %v", d)
		}
	})
}

func BenchmarkCallers(b *testing.B) {
	for name, path := range pythons(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f, err := elf.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				_, err = Callers(f, conditionFunctions...)
				f.Close()
				if err != nil {
					b.Skip(err)
				}
			}
		})
	}
}
