package site

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// made assembles a shared object that has the shape of CPython 3.13: an opcode
// table, a handler for each defined opcode, and what Describe looks for. Its
// handlers dispatch like these of gcc: rbx is the frame, r12 the next
// instruction, r13 the thread.
func made(t *testing.T, handlers map[string]string, more string) (*elf.File, *cpython.Python) {
	t.Helper()
	names := map[int]string{149: "RESUME", 207: "RESUME_CHECK", 236: "INSTRUMENTED_RESUME", 70: "ENTER_EXECUTOR"}
	var s strings.Builder
	s.WriteString(`.text
.globl _PyEval_EvalFrameDefault
_PyEval_EvalFrameDefault:
	push %rbp
	jmp *table(%rip)
code_dealloc:
	endbr64
	push %rbx
	ret
unknown:
	ud2
`)
	// What dispatches.
	const dispatch = `
	movzbl (%r12),%eax
	lea table(%rip),%rcx
	jmp *(%rcx,%rax,8)
`
	undefined := func(c int) bool { return c >= 119 && c <= 148 || c >= 223 && c <= 235 || c == 255 }
	table := "\n.data\n.balign 8\ntable:\n"
	for c := range 256 {
		if undefined(c) {
			table += "\t.quad unknown\n"
			continue
		}
		name := names[c]
		if name == "" {
			name = fmt.Sprintf("op%d", c)
		}
		body, ok := handlers[name]
		if !ok {
			body = fmt.Sprintf("mov %%r12,0x38(%%rbx)\n add $2,%%r12\n mov $%d,%%eax\n call elsewhere\n DISPATCH", c)
		}
		fmt.Fprintf(&s, "%s:\n%s\n", name, strings.ReplaceAll(body, "DISPATCH", dispatch))
		table += "\t.quad " + name + "\n"
	}
	s.WriteString("elsewhere:\n\tret\n_Py_Instrument:\n\tret\n" + strings.ReplaceAll(more, "DISPATCH", dispatch) + table)
	// _Py_DebugOffsets of 3.13.5, as far as it is read, by where it stands.
	told := map[int]int{8: 0x030d05f0, 24: 400000, 40: 632, 48: 300000, 56: 7272, 64: 7264, 72: 7344, 112: 16, 120: 7752, 136: 7768, 144: 7760,
		152: 304, 168: 8, 176: 16, 184: 72, 192: 152, 200: 160, 224: 80, 232: 8, 248: 56, 256: 72, 264: 70,
		272: 208, 280: 112, 288: 120, 296: 128, 304: 136, 312: 68, 344: 200, 352: 16, 360: 8, 368: 416, 376: 24, 536: 64, 544: 32, 552: 16, 560: 40}
	s.WriteString("\n.globl _PyRuntime\n_PyRuntime: .ascii \"xdebugpy\"\n")
	for at := 8; at < 600; at += 8 {
		fmt.Fprintf(&s, "\t.quad %d\n", told[at])
	}
	s.WriteString(".globl PyCode_Type\nPyCode_Type: .zero 48\n\t.quad code_dealloc\n\t.zero 400\n.section .rodata\n.globl Py_Version\nPy_Version: .quad 0x030d05f0\n.section .note.GNU-stack\n")

	return assemble(t, "libpython3.13.so", s.String())
}

// assemble makes a shared object and describes it.
func assemble(t *testing.T, name, text string) (*elf.File, *cpython.Python) {
	t.Helper()
	object := linked(t, name, text, "-shared", "-nostdlib")
	f, err := elf.Open(object)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	p, err := cpython.Describe(f, object)
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

// linked makes a file of assembly, and returns its path.
func linked(t testing.TB, name, text string, how ...string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: ", err)
	}
	dir := t.TempDir()
	source, object := filepath.Join(dir, "made.s"), filepath.Join(dir, name)
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, append(how, "-o", object, source)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return object
}

const (
	// A RESUME as gcc makes it: the version, then the eval breaker.
	plainResume = `
	mov %r12,0x38(%rbx)
	mov (%rbx),%rdi
	add $2,%r12
	mov 0x18(%r13),%rax
	cmp 0xa8(%rdi),%rax
	jne 1f
	movb $207,-2(%r12)
	DISPATCH
1:	mov 0x10(%r13),%rsi
	lea -2(%r12),%r12
	call _Py_Instrument
	test %eax,%eax
	js 2f
	DISPATCH
2:	xor %eax,%eax
	ret`
	plainCheck = `
	mov %r12,0x38(%rbx)
	mov (%rbx),%rdx
	add $2,%r12
	mov 0x18(%r13),%rax
	cmp 0xa8(%rdx),%rax
	jne RESUME
	DISPATCH`
)

// texts are a plan's counted sites in short, sorted by nothing: in their order.
func texts(p *Plan) string {
	var s []string
	for _, c := range p.Calls {
		word := strings.Fields(c.Text)[0]
		when := map[When]string{Always: "", IfTaken: " if taken", IfNotTaken: " if not taken"}[c.When]
		s = append(s, fmt.Sprintf("%s%s code=%d frame=%d next=%d-%d", word, when, c.Code, c.Frame, c.Next, c.Ahead))
	}
	return strings.Join(s, "; ")
}

func TestProof(t *testing.T) {
	plain := map[string]string{"RESUME": plainResume, "RESUME_CHECK": plainCheck, "INSTRUMENTED_RESUME": plainResume}
	with := func(name, body string) map[string]string {
		h := map[string]string{}
		for k, v := range plain {
			h[k] = v
		}
		h[name] = body
		return h
	}
	for _, c := range []struct {
		name     string
		handlers map[string]string
		more     string
		want     string // of the sites; empty: none are found
	}{
		{"a deopt runs into RESUME", plain, "",
			"jne if not taken code=2 frame=3 next=12-2; jne code=7 frame=3 next=12-2; jne code=7 frame=3 next=12-2"},
		{"another opcode comes by: its hits would count", map[string]string{
			"RESUME":              "mov %r12,0x38(%rbx)\n mov (%rbx),%rdi\n add $2,%r12\n test %rdi,%rdi\n jmp shared",
			"RESUME_CHECK":        plainCheck,
			"INSTRUMENTED_RESUME": plainResume,
			"op1":                 "mov %r12,0x38(%rbx)\n add $2,%r12\n shared: jne 1f\n DISPATCH\n1: DISPATCH"}, "",
			"jne if not taken code=2 frame=3 next=12-2; jmpq code=7 frame=3 next=12-2; jne code=7 frame=3 next=12-2"},
		{"the only cheap instruction is another opcode's too", map[string]string{
			"RESUME":              "mov %r12,0x38(%rbx)\n mov (%rbx),%rdi\n add $2,%r12\n shared: jne 1f\n DISPATCH\n1: DISPATCH",
			"RESUME_CHECK":        plainCheck,
			"INSTRUMENTED_RESUME": plainResume,
			"op1":                 "mov %r12,0x38(%rbx)\n add $2,%r12\n test %rdi,%rdi\n jmp shared"}, "", ""},
		{"a loop: its branch is passed many times", with("RESUME", `
	mov %r12,0x38(%rbx)
	mov (%rbx),%rdi
	add $2,%r12
	mov $5,%ecx
1:	dec %ecx
	jne 1b
	mov 0x18(%r13),%rax
	cmp 0xa8(%rdi),%rax
	je 2f
	mov $1,%eax
2:	DISPATCH`), "", "jne if not taken code=2 frame=3 next=12-2; jne if not taken code=7 frame=3 next=12-2; jne code=7 frame=3 next=12-2"},
		{"the cases of a compiled switch meet again", with("RESUME", `
	mov %r12,0x38(%rbx)
	mov (%rbx),%rdi
	add $2,%r12
	movzbl 1(%r12),%eax
	lea cases(%rip),%rdx
	cmp $2,%eax
	ja 3f
	movslq (%rdx,%rax,4),%rax
	add %rdx,%rax
	jmp *%rax
case0:	mov $1,%ecx
	jmp 3f
case1:	mov $2,%ecx
	jmp 3f
case2:	mov $3,%ecx
3:	mov 0x18(%r13),%rax
	cmp 0xa8(%rdi),%rax
	je 4f
	mov $1,%eax
4:	DISPATCH`), ".section .rodata\n.balign 4\ncases: .long case0-cases, case1-cases, case2-cases\n.text\n",
			"jne if not taken code=2 frame=3 next=12-2; ja code=7 frame=3 next=12-2; jne code=7 frame=3 next=12-2"},
		{"what follows a call that never returns is other code", with("RESUME", `
	mov %r12,0x38(%rbx)
	mov (%rbx),%rdi
	add $2,%r12
	cmpq $0,(%rdi)
	je 1f
	DISPATCH
1:	call fatal
	jmp op1`), "fatal: push %rax\n call fatal2\nfatal2: push %rax\n ud2\n",
			"jne if not taken code=2 frame=3 next=12-2; je code=7 frame=3 next=12-2; jne code=7 frame=3 next=12-2"},
		{"the frame is on the stack", with("RESUME", `
	mov 0x48(%rsp),%rax
	mov %r12,0x38(%rax)
	add $2,%r12
	mov (%rax),%rdi
	mov $0,%eax
	test %edi,%edi
	je 1f
	nopl (%rax)
1:	DISPATCH`), "", ""}, // the handlers disagree on where the frame is
		{"no store tells where the frame is", map[string]string{"RESUME": "je 1f\n1: DISPATCH", "RESUME_CHECK": "je 1f\n1: DISPATCH", "INSTRUMENTED_RESUME": "je 1f\n1: DISPATCH"}, "", ""},
		{"an inlined copy behind a comparison with a handler's address", with("op2", `
	mov %r12,0x38(%rbx)
	mov 8(%rbx),%r14
	mov 0x38(%r14),%r15
	movzbl (%r15),%eax
	lea table(%rip),%rcx
	mov (%rcx,%rax,8),%rdx
	lea RESUME_CHECK(%rip),%rsi
	cmp %rsi,%rdx
	jne 1f
	mov %r15,0x38(%r14)
	mov (%r14),%rdi
	mov 0x18(%r13),%rax
	cmp 0xa8(%rdi),%rax
	je 2f
	mov %r14,%rbx
	mov %r15,%r12
	jmp RESUME
1:	mov %r14,%rbx
	mov %r15,%r12
	jmp *%rdx
2:	mov %r14,%rbx
	mov %r15,%r12
	add $2,%r12
	DISPATCH`), "",
			"jne if not taken code=2 frame=3 next=12-2; jne code=7 frame=3 next=12-2; jne code=7 frame=3 next=12-2; je if taken code=7 frame=14 next=15-0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, p := made(t, c.handlers, c.more)
			plan, err := Find(f, p)
			if c.want == "" {
				var e *Error
				if !errors.As(err, &e) || e.Found == "" || e.Missing == "" {
					t.Fatalf("%v, want an *Error", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(plan); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			if len(plan.Freed) != 1 || !plan.Freed[0].Cheap || plan.Freed[0].Text != "push %rbx" {
				t.Errorf("freed: %+v", plan.Freed)
			}
			if len(plan.Executor) != 1 || !strings.HasPrefix(plan.Executor[0].Text, "call") {
				t.Errorf("executor: %+v", plan.Executor)
			}
		})
	}
}

// The two calls of _Py_Instrument, and what is where at them.
func TestInstrument(t *testing.T) {
	f, p := made(t, map[string]string{"RESUME": plainResume, "RESUME_CHECK": plainCheck, "INSTRUMENTED_RESUME": plainResume}, "")
	plan, err := Find(f, p)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Instrument) != 2 || plan.Weak != "" {
		t.Fatalf("%+v, %q", plan.Instrument, plan.Weak)
	}
	for _, s := range plan.Instrument {
		if !s.Cheap || s.Code != None || s.Frame != rbx || s.Next != 12 || s.Ahead != 0 {
			t.Errorf("%+v", s)
		}
	}
}

// madeLegacy assembles a shared object that has the shape of CPython 3.10: an
// eval function with the recursion check, tracing and throw() before its first
// dispatch. tstate is rdi, the frame rsi, throwflag edx.
func madeLegacy(t *testing.T, eval string) (*elf.File, *cpython.Python) {
	t.Helper()
	return assemble(t, "libpython3.10.so", `.text
.globl _PyEval_EvalFrameDefault
_PyEval_EvalFrameDefault:
`+eval+`
refuse:	mov $-1,%eax
	ret
trace:	xor %eax,%eax
	ret
code_dealloc:
	mov %rdi,%rax
	push %rbx
	ret
.data
table: .zero 2048
.globl _PyRuntime, PyCode_Type
_PyRuntime: .zero 64
PyCode_Type: .zero 48
	.quad code_dealloc
.section .rodata
.asciz "cpython-310"
.section .note.GNU-stack
`)
}

func TestLegacy(t *testing.T) {
	const (
		check = `
	push %rbx
	mov %rsi,%rbx
	mov %edx,%r14d
	mov 0x20(%rdi),%eax
	inc %eax
	cmp $1000,%eax
	jg 8f
1:	mov %rbx,0x18(%rdi)
`
		rest = `
	movslq 0x60(%rbx),%r15
	test %r14d,%r14d
	jne 7f
	movzbl (%r15),%eax
	lea table(%rip),%rcx
	jmp *(%rcx,%rax,8)
7:	call trace
	lea table(%rip),%rcx
	jmp *(%rcx,%rax,8)
8:	call refuse
	test %eax,%eax
	je 1b
	pop %rbx
	ret`
	)
	for _, c := range []struct{ name, eval, want, weak string }{
		{"a branch with the code object, behind the recursion check", check + `
	mov 0x20(%rbx),%rsi
	cmpl $0,0x30(%rdi)
	jne 2f
	nopw (%rax)
2:` + rest, "jne code=6 frame=3 next=255-0", ""},
		{"only the branch on throwflag", check + rest, "jne code=255 frame=3 next=255-0", ""},
		{"the body's own branch would be passed by instructions, not calls", `
	push %rbx
	mov %rsi,%rbx
	movl $7,0x60(%rbx)
	lea table(%rip),%rcx
	jmp *(%rcx,%rax,8)`, "push %rbx code=255 frame=6 next=255-0", "RecursionError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, p := madeLegacy(t, c.eval)
			plan, err := Find(f, p)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(c.want, "push %rbx", "push", 1)
			if got := texts(plan); got != want || !strings.Contains(plan.Weak, c.weak) || c.weak == "" && plan.Weak != "" {
				t.Errorf("%s; weak %q\nwant %s", got, plan.Weak, want)
			}
			for _, s := range plan.Calls {
				if s.Throw != 14 && s.Throw != rdx {
					t.Errorf("throwflag is not told: %+v", s)
				}
			}
			if len(plan.Freed) != 1 || plan.Freed[0].Text != "push %rbx" {
				t.Errorf("freed: %+v", plan.Freed)
			}
		})
	}
}
