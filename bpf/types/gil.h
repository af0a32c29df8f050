/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* GILs, and the threads that use them. */
#pragma once

#include "park.h"

/* gil_offsets: where CPython keeps what is read for the GIL, in bytes. */
struct gil_offsets {
	__u32 cond;         /* GIL -> cond */
	__u32 last_holder;  /* GIL -> thread state; then follow locked and switch_number: read_gil reads the three at once */
	__u32 thread_frame; /* thread state -> frame, or -> cframe */
	__u32 cframe_frame; /* cframe -> frame */
	__u32 has_cframe;   /* 1: thread_frame leads to a cframe */
	__u32 frame_previous;
	__u32 frame_owner;
	__u32 frame_foreign; /* an owner of this or more is no Python function's; 0: there are none */
	__u32 frame_size;    /* bytes that hold all fields of a frame that are read, at most FRAME_ROOM */
	__u32 pad;
};
_Static_assert(sizeof(struct gil_offsets) == 40, "no holes");

enum gil_sizes {
	GIL_BUCKETS = 40,   /* of histograms: bucket i counts [2^i, 2^(i+1)) ns */
	BLAME_FRAMES = 24,  /* frames kept of a blamed stack, the innermost first */
	FRAME_ROOM = 112,
	NUMBER_EVERY = 64,  /* takes by the thread that had it last between two checks against switch_number */
};

/* The attach cookie of a GIL's probe: the index of its process, and what is particular about the site. */
enum gil_cookie {
	GIL_AT_CALL_SHIFT = 32,   /* 1: an instruction that calls the function, not the function */
	GIL_IF_TAKEN_SHIFT = 33,  /* 1: it is a branch, and calls when it is taken */
	GIL_CONDITION_SHIFT = 36, /* 4 bits: of the branch */
};

/* gil_process: a process whose GIL is followed. Go writes all but the counters. */
struct gil_process {
	__u64 cond;        /* addresses of the first GIL's condition variables; the others are in gil_conds */
	__u64 switch_cond;
	__u32 gil;         /* its index */
	__u32 pid;         /* as pytop's PID namespace numbers it; 0: not in use */
	__u64 other;       /* hits of condition variables that are no GIL's */
	__u64 lost;        /* events of threads for which there was no room */
	__u64 lost_pairs;
	__u64 lost_blame;
	__u64 unreadable;  /* stacks that could not be read */
	__u64 phase;       /* one of gil_phase: Go changes it while probes come and go */
};
_Static_assert(sizeof(struct gil_process) == 72, "no holes");

/* gil_phase: what probes count of a process. Several sites' probes are not put in or taken away at once: a word is. */
enum gil_phase {
	GIL_ALL = 0,
	GIL_ONCE = 1, /* functions and the instructions that call them have probes: see repeated */
	GIL_NONE = 2,
};

/* gil_cond: one condition variable of a GIL, by address. */
struct gil_cond {
	__u64 process; /* index */
	__u64 address;
};

enum gil_kind {
	GIL_TAKEN = 1,       /* what signalling it says: &gil->switch_cond, &gil->cond */
	GIL_DROPPED = 2,
	GIL_INTERPRETER = 3, /* no condition variable, but an interpreter of a free-threaded process */
};

struct gil_role {
	__u32 gil; /* index */
	__u32 kind;
};

/* gil_state: one GIL. Written under its mutex, so by one thread at a time; seq is odd meanwhile. */
struct gil_state {
	__u32 seq;
	__u32 used;          /* Go sets it */
	__u64 address;       /* Go sets it */
	__u64 attached;      /* ns, as bpf_ktime_get_ns: set by Go; a hold that began before is counted from here */
	__u64 seed;          /* id of the thread that held it then: set by Go, above all that the programs give; 0: none, or not known */
	__u64 takes;
	__u64 drops;
	__u64 switches;      /* takes by another thread than the last */
	__u64 held_ns;       /* holds that ended */
	__u64 since;         /* ns; 0: free, as far as was seen */
	__u64 last;          /* id of the thread that took it last; 0: not seen yet */
	__u32 last_slot;
	__u32 last_tid;      /* as the kernel's first PID namespace numbers it */
	__u64 forced;        /* waits of a thread that was made to drop it */
	__u64 steps;         /* of waits, by all threads */
	__u64 wait_ns;       /* of all threads, waits that ended */
	__u64 died;          /* holders that ended with it */
	__u64 disorder;      /* takes while it was held, drops while it was free */
	__u64 checks;        /* of locked and switch_number */
	__u64 wrong_locked;
	__u64 number_base;   /* switch_number less switches, at the first check */
	__u64 number;        /* switch_number less number_base, at the last check */
	__u64 number_switches; /* switches then */
};
_Static_assert(sizeof(struct gil_state) == 168, "no holes");

struct gil_frame {
	__u64 code;        /* address of the code object */
	__u64 instruction; /* address; up to 3.10 f_lasti */
};

struct blame_key {
	__u64 holder; /* id of the thread */
	__u64 stack;  /* key of blame_stacks; 0: none could be read */
	__u64 gil;    /* index */
};

struct blame_count {
	__u64 wait_ns;
	__u64 steps;
};

struct blame_stack {
	__u32 depth;
	__u32 pid;
	__u32 cut; /* 1: there are more frames */
	__u32 pad;
	struct gil_frame frames[BLAME_FRAMES];
};

/* gil_thread: a thread that has taken or waited for a GIL. Only the thread itself writes it, and what notes its end; seq is odd
 * meanwhile. Go clears it after its end was read. */
struct gil_thread {
	__u32 seq;
	__u32 tid;   /* as pytop's PID namespace numbers it */
	__u64 id;    /* unique while pytop runs; 0: not in use */
	__u32 process;
	__u32 task;  /* tid as the kernel's first PID namespace numbers it */
	__u32 gil;   /* index of the one it holds, waits for or held last */
	__u32 ended;
	__u64 hold_since;
	__u64 wait_since;
	__u64 step_since; /* of the wait: when blamed was walked */
	__u64 takes;
	__u64 drops;
	__u64 hold_ns;
	__u64 hold_max;
	__u64 waits;
	__u64 wait_ns;
	__u64 wait_max;
	__u64 steps;
	__u64 forced;
	__u64 called;     /* 1: counted at the instruction that calls, and not yet seen in the function */
	char comm[16];    /* when it was first seen; in the end the last */
	struct blame_key blamed;
	__u64 hold_hist[GIL_BUCKETS];
	__u64 wait_hist[GIL_BUCKETS];
	__u8 frame[FRAME_ROOM]; /* scratch, as is stack: a program may be preempted, so that nothing of a CPU's is safe */
	struct blame_stack stack;
	/* Of a free-threaded process; waits and wait_* are its waits for mutexes. */
	struct park parks[PARKS]; /* that go on, the innermost last */
	__u32 parked;             /* how many */
	__u32 pad;
	__u64 pauses;
	__u64 pause_ns;
	__u64 pause_max;
	__u64 pause_end;          /* when the last ended */
	__u64 pause_of;           /* which pause of the world it was: when that began */
	__u64 others;             /* waits of other kinds */
	__u64 other_ns;
};

/* gil_pair: from one thread to another, by their ids: switches of a GIL, and how long the one waited while the other held it. */
struct gil_pair {
	__u64 from;
	__u64 to;
	__u64 gil; /* index */
};

struct gil_pair_count {
	__u64 switches;
	__u64 wait_ns; /* that to waited while from held it, steps that ended */
};
