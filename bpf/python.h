/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Reads CPython's memory. Each read costs 65 to 130 ns: count reads, not bytes. */
#pragma once

const volatile struct py_offsets py = {};

/* Reads size bytes at address + offset of the process that was probed; 0 on success. */
static __always_inline long read_memory(void *to, __u32 size, __u64 address, __u32 offset)
{
	return bpf_probe_read_user(to, size, (void *)(address + offset));
}

/* The frame at a site; 0: could not be read. */
static __always_inline __u64 read_frame(struct pt_regs *ctx, __u64 cookie)
{
	__u64 frame = 0;

	if (!(cookie & FRAME_IN_SLOT))
		return read_register(ctx, cookie >> FRAME_SHIFT & 31);
	if (read_memory(&frame, sizeof(frame), stack_pointer(ctx), (cookie >> SLOT_SHIFT & 0xfff) * 8))
		return 0;
	return frame;
}

/* The code object at a site; 0: could not be read. */
static __always_inline __u64 read_code(struct pt_regs *ctx, __u64 cookie)
{
	__u64 code = 0;

	if (cookie & CODE_IN_REGISTER)
		code = read_register(ctx, cookie >> CODE_SHIFT & 31);
	else if (read_memory(&code, sizeof(code), read_frame(ctx, cookie), py.frame_code))
		return 0;
	return code & py.code_mask;
}

/* Is it a code object? Its type is PyCode_Type, or, in a program exec'd since, one that is called "code". */
static __always_inline int is_code(__u64 code, __u64 code_type)
{
	__u64 type = 0, name = 0;
	char text[8] = {};

	if (read_memory(&type, sizeof(type), code, py.object_type))
		return 0;
	if (type == code_type)
		return 1;
	if (read_memory(&name, sizeof(name), type, py.type_name) || read_memory(text, 5, name, 0))
		return 0;
	return text[0] == 'c' && text[1] == 'o' && text[2] == 'd' && text[3] == 'e' && !text[4];
}

/* What precedes a str's characters. */
struct str_head {
	struct text text;
	__u64 size; /* of all its characters, in bytes */
	__u64 at;   /* address of the characters */
};

static __always_inline void read_str_head(struct str_head *s, __u64 code, __u32 offset)
{
	__u64 str = 0, length = 0;
	__u32 state = 0;

	__builtin_memset(s, 0, sizeof(*s));
	if (read_memory(&str, sizeof(str), code, offset) || read_memory(&length, sizeof(length), str, py.str_length) ||
	    read_memory(&state, sizeof(state), str, py.str_state))
		return;
	s->text.length = length;
	s->text.kind = state >> py.str_kind_shift & 7;
	s->text.ascii = state >> (py.str_kind_shift + 4) & 1;
	s->size = length * s->text.kind;
	s->at = str + (s->text.ascii ? py.str_ascii : py.str_compact);
}
