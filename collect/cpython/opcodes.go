package cpython

// Opcode is an instruction of the eval loop.
type Opcode struct {
	Code uint8
	Name string
}

// Opcodes are the instructions that matter for finding sites, by minor
// version (Include/opcode_ids.h, Include/internal/pycore_opcode_metadata.h;
// up to 3.11 Include/opcode.h).
type Opcodes struct {
	// Resume: every start and resume of a Python function executes exactly one
	// of these. None up to 3.10.
	Resume []Opcode
	// Hot is which of Resume runs for a function called often.
	Hot Opcode
	// Executor enters a trace of the JIT; no name: this version has none.
	Executor Opcode
	// Undefined are the codes that no instruction has.
	Undefined []uint8
}

// span is the codes from first to last, and more.
func span(first, last uint8, more ...uint8) []uint8 {
	for c := int(first); c <= int(last); c++ {
		more = append(more, uint8(c))
	}
	return more
}

var opcodes = map[int]Opcodes{
	11: {
		Resume:    []Opcode{{151, "RESUME"}, {150, "RESUME_QUICK"}},
		Hot:       Opcode{150, "RESUME_QUICK"},
		Undefined: span(181, 254),
	},
	12: {
		Resume:    []Opcode{{151, "RESUME"}, {240, "INSTRUMENTED_RESUME"}},
		Hot:       Opcode{151, "RESUME"},
		Undefined: span(177, 236, 169, 170, 255),
	},
	13: {
		Resume:    []Opcode{{149, "RESUME"}, {207, "RESUME_CHECK"}, {236, "INSTRUMENTED_RESUME"}},
		Hot:       Opcode{207, "RESUME_CHECK"},
		Executor:  Opcode{70, "ENTER_EXECUTOR"},
		Undefined: span(119, 148, span(223, 235, 255)...),
	},
	14: {
		Resume:    []Opcode{{128, "RESUME"}, {196, "RESUME_CHECK"}, {245, "INSTRUMENTED_RESUME"}},
		Hot:       Opcode{196, "RESUME_CHECK"},
		Executor:  Opcode{255, "ENTER_EXECUTOR"},
		Undefined: span(121, 127, span(212, 233)...),
	},
	15: {
		Resume:    []Opcode{{128, "RESUME"}, {200, "RESUME_CHECK"}, {201, "RESUME_CHECK_JIT"}, {244, "INSTRUMENTED_RESUME"}},
		Hot:       Opcode{200, "RESUME_CHECK"},
		Executor:  Opcode{254, "ENTER_EXECUTOR"},
		Undefined: span(120, 127, span(219, 232)...),
	},
}
