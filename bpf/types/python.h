/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Where CPython keeps what the programs read. */
#pragma once

/* py_offsets: where CPython keeps what we read, in bytes. One set per build, constant while a program is loaded. */
struct py_offsets {
	__u64 code_mask;      /* clears the tag bits of a frame's executable */
	__u32 frame_code;     /* frame -> code object */
	__u32 frame_instr;    /* frame -> running instruction (3.11+) */
	__u32 frame_lasti;    /* frame -> f_lasti (up to 3.10) */
	__u32 legacy_frame;   /* 1 up to 3.10: the frame is a PyFrameObject and a resume is told by f_lasti */
	__u32 resume_mask;    /* of RESUME's oparg: the bits that tell where it stands */
	__u32 start_is_fixed; /* 1 where a code object's RESUME 0 has one address for all threads */
	__u32 object_type;    /* object -> ob_type */
	__u32 type_name;      /* type -> tp_name */
	__u32 code_flags;
	__u32 code_line;
	__u32 code_file;
	__u32 code_name;
	__u32 str_length;
	__u32 str_state;
	__u32 str_ascii;      /* where a compact ASCII str's characters begin */
	__u32 str_compact;    /* where a compact non-ASCII str's characters begin */
	__u32 str_kind_shift; /* of kind (3 bits) in state; ascii is 4 bits further */
	__u32 pad;
};
_Static_assert(sizeof(struct py_offsets) == 80, "no holes");
