/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Processes that are watched, and what becomes of them. */
#pragma once

/* Why hits are lost; the index of process_state.lost. */
enum loss {
	LOST_UNREADABLE = 0, /* frame or instruction could not be read */
	LOST_FULL = 1,       /* live had no room for the function */
	LOST_GONE_FULL = 2,  /* calls of a freed function for which gone had no room */
	LOST_NAMES = 3,      /* functions whose name event found the ring full: their name is read later */
	LOST_NOT_CODE = 4,   /* what the site held was not a code object */
	LOSSES = 5,
};

/* process_key: a process, and no later one with the same number. */
struct process_key {
	__u32 pid;     /* as pytop's PID namespace numbers it */
	__u32 started; /* 1/100 s since boot, as in /proc/PID/stat */
};

enum process_flags {
	COUNTED = 1, /* its calls are counted */
	FAMILY = 2,  /* so are those of its children */
	PAYS = 4,    /* not counted; forked from one that is, it has inherited its breakpoints */
	ENDED = 8,   /* all its threads have: it calls nothing any more */
	BY_KERNEL = 16, /* registered by the programs, not by Go */
	EXECED = 32, /* and has called nothing since: it may be no Python any more */
};

enum command_size { COMMAND = 128 };

/* process_state: a watched process, or one that descends from such. */
struct process_state {
	__u64 code_type;    /* address of PyCode_Type; 0: not known */
	__u64 executor;     /* hits of ENTER_EXECUTOR: a JIT runs */
	__u64 freed;        /* hits of code_dealloc */
	__u64 instrumented; /* hits of _Py_Instrument's calls */
	__u64 lost[LOSSES];
	__u32 flags;
	__u32 build;   /* number of the build whose programs counted it last; 0: none yet */
	__u32 parent;  /* PID of the process that forked it; with PAYS of the one whose breakpoints it pays for; 0: not known */
	__u32 execs;   /* how often it exec'd since it was registered */
	char command[COMMAND]; /* its arguments, each ending in a 0, cut; empty: Go registered it, or not readable */
};
_Static_assert(sizeof(struct process_state) == 216, "no holes");

/* What the programs could not tell Go; the index of missed. */
enum missed_what {
	MISSED_EXECS = 0,     /* the ring of events was full */
	MISSED_PROCESSES = 1, /* processes was full: one is not counted */
	MISSED = 2,
};

/* event: a process exec'd. */
struct event {
	__u32 pid;
	__u32 started;
	__u64 at; /* ns, as bpf_ktime_get_ns */
};
