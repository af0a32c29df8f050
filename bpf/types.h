/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Every struct and enum that Go sees too. */
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

/* park_offsets: where a free-threaded CPython keeps what is read for waits, in bytes. */
struct park_offsets {
	__u32 thread_interp; /* thread state -> interpreter */
	__u32 thread_state;  /* thread state -> whether it is suspended */
	__u32 thread_native_id;
	__u32 interp_size;
};

/* park_kind: what a thread waits for in the parking lot. */
enum park_kind {
	PARK_OTHER = 0,      /* an event, a once flag, a lock for readers and writers, a queue */
	PARK_MUTEX = 1,      /* a PyMutex: of an object's critical section, or one of the interpreter's own */
	PARK_PAUSE = 2,      /* for the world to be started again */
	PARK_STOPS = 3,      /* stops the world, and waits until all have stopped */
	PARK_UNREADABLE = 4, /* what it waits on could not be read */
};

enum park_sizes { PARKS = 4 }; /* waits within one another that are kept; a power of two */

/* park: a wait that goes on. */
struct park {
	__u64 semaphore; /* address, on the thread's stack */
	__u64 since;     /* ns: when it, or the wait within it that ended last, began or ended */
	__u64 before;    /* ns that it had lasted then, without those of waits within it */
	__u32 kind;
	__u32 pad;
};

/* world: a free-threaded process; index as of gil_processes. Pauses are those that a thread felt; written by the threads that feel them. */
struct world {
	__u64 paused;      /* threads that are now */
	__u64 since;       /* ns: when the pause that goes on began; 0: none does */
	__u64 woken;       /* ns: when a thread was let go last */
	__u64 pauses;
	__u64 pause_ns;
	__u64 pause_max;
	__u64 stop;        /* address of the struct that says who stops it, once seen */
	__u32 stopper;     /* TID as the process numbers it; 0: not known */
	__u32 pad;
	__u64 lost;        /* waits whose end was not seen, or for which there was no room */
};
_Static_assert(sizeof(struct world) == 72, "no holes");

/* stopper_key: a thread that stopped the world of a process. */
struct stopper_key {
	__u32 process; /* index */
	__u32 tid;     /* as the process numbers it; 0: not known */
};
struct stopper_count {
	__u64 pauses;
	__u64 ns;
	__u64 max;
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
