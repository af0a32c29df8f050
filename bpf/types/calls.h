/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Counted calls, and the names of functions. */
#pragma once

/* The attach cookie: what is particular to a site. */
enum cookie_flags {
	CODE_IN_REGISTER = 1,  /* else read through the frame */
	FRAME_IN_SLOT = 2,     /* at [sp + slot]; else in a register */
	IF_TAKEN = 4,          /* counts only when the branch under it is going to be taken */
	IF_NOT_TAKEN = 8,
	NEXT_IN_REGISTER = 16, /* the running instruction's address + ahead; else read from the frame */
	THROW_IN_REGISTER = 32,
};

enum cookie_shifts {
	CONDITION_SHIFT = 8, /* 4 bits */
	CODE_SHIFT = 12,     /* 5 bits each */
	FRAME_SHIFT = 17,
	NEXT_SHIFT = 22,
	THROW_SHIFT = 27,
	AHEAD_SHIFT = 32,    /* 4 bits */
	SLOT_SHIFT = 36,     /* 12 bits, in units of 8 bytes */
	ATTACH_SHIFT = 56,   /* 8 bits: grows with each attach */
};

/* call_key: one code object while it lives. tgid as the kernel's first PID namespace numbers it. */
struct call_key {
	__u32 tgid;
	__u32 image; /* self_exec_id << 8 | attach: which program of the process, and which attach */
	__u64 code;  /* address */
	__u64 start; /* of the process, ns since boot: a later one with the same number is another */
};
_Static_assert(sizeof(struct call_key) == 24, "no holes");

enum call_flags { GENERATOR = 1 };

/* call_count: counts only grow. */
struct call_count {
	__u64 id; /* of the code object, unique while pytop runs */
	__u64 calls;
	__u64 resumes;
	__u64 calls_undone; /* the same RESUME ran again: subtract */
	__u64 resumes_undone;
	__u64 start; /* address: of a generator's RESUME 0, once seen; of any other function's code object */
	__u32 flags;
	__u32 pid; /* as pytop's PID namespace numbers it */
	__u32 started; /* as in process_key */
	__u32 resumed; /* 3.15: where its last resume was, in bytes from start: a function that was resumed there is again; 0: not seen */
};
_Static_assert(sizeof(struct call_count) == 64, "no holes");

/* A str as CPython holds it: length characters of kind bytes each; bytes follow in the event. */
struct text {
	__u32 length;
	__u8 kind;  /* 1, 2 or 4; 0: could not be read */
	__u8 ascii; /* 1: kind 1 and below 128 */
	__u16 bytes; /* how many of them the event holds */
};

enum text_sizes { TEXT_SMALL = 256, TEXT_MEDIUM = 2048, TEXT_LARGE = 16384 };

/* name: a code object seen for the first time; then follow the bytes of file and function, each in the event's text size. */
struct name {
	__u64 id;
	__u64 code;
	__u32 pid;
	__u32 line;
	struct text file;
	struct text function;
};
_Static_assert(sizeof(struct name) == 40, "no holes");

/* thread_key: a thread in the focused function; epoch grows with each focus. */
struct thread_key {
	__u32 tid;
	__u32 epoch;
};

struct thread_count {
	__u64 calls;
	__u64 resumes;
};
