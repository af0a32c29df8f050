/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Waits of threads that run without a GIL. */
#pragma once

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
