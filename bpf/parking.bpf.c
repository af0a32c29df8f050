//go:build ignore

/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Follows what threads of a free-threaded CPython wait for: all such waits are in _PyParkingLot_Park (Python/parking_lot.c, 3.13 to 3.15
 * alike), which makes a semaphore on its stack, waits for it and unmakes it. Both calls have its address as first argument; before it in
 * struct wait_entry are what the waker is told and the address that is waited on:
 *   a PyMutex          the waker is told something, and the byte there says "locked, and somebody is parked" (Python/lock.c)
 *   the world's start  the waker is told nothing, and the word there is the state, "suspended", of a thread state of a known interpreter
 *   anything else      an event, a once flag, a lock for readers and writers, a queue
 * The byte cannot change meanwhile: it is read under the lock of its queue. */

const volatile struct park_offsets park = {};

enum {
	MUTEX_PARKED = 3, /* _Py_LOCKED | _Py_HAS_PARKED */
	EVENT_PARKED = 2, /* _Py_HAS_PARKED */
	SUSPENDED = 2,    /* _Py_THREAD_SUSPENDED */
};

/* What is before a wait's semaphore. */
struct wait_head {
	__u64 told; /* the waker */
	__u64 on;
};

/* struct _stoptheworld_state (pycore_interp.h). */
struct stop_state {
	__u8 mutex, requested, stopped, global;
	__u8 event;
	__u8 pad[3];
	__s64 countdown;
	__u64 requester;
};

static __always_inline int is_interpreter(__u32 process, __u64 address)
{
	struct gil_cond key = {.process = process, .address = address};
	struct gil_role *role = bpf_map_lookup_elem(&gil_conds, &key);

	return role && role->kind == GIL_INTERPRETER;
}

/* Who stops the world by what is at an address, as the process numbers its threads; 0: nobody, or it is something else. */
static __noinline __u32 stopper_at(__u32 process, __u64 address)
{
	struct stop_state s = {};
	__u64 interpreter = 0, tid = 0;

	if (!address || address & 7 || read_memory(&s, sizeof(s), address, 0))
		return 0;
	if (!(s.mutex & 1) || s.requested != 1 || s.stopped > 1 || s.global > 1 || s.countdown < 0 || !s.requester)
		return 0;
	if (read_memory(&interpreter, sizeof(interpreter), s.requester, park.thread_interp) || !is_interpreter(process, interpreter))
		return 0;
	if (!s.global && (address < interpreter || address - interpreter >= park.interp_size))
		return 0;
	if (read_memory(&tid, sizeof(tid), s.requester, park.thread_native_id))
		return 0;
	return tid;
}

/* What a wait that begins is for. */
static __noinline __u32 kind_of(struct world *w, __u32 process, struct wait_head *h)
{
	__u64 interpreter = 0;
	__u32 word = 0, who;
	__u8 byte = 0;

	if (read_memory(&byte, sizeof(byte), h->on, 0))
		return PARK_UNREADABLE;
	if (h->told)
		return byte == MUTEX_PARKED ? PARK_MUTEX : PARK_OTHER;
	if (byte != SUSPENDED) /* EVENT_PARKED is the same */
		return PARK_OTHER;
	if (!read_memory(&word, sizeof(word), h->on, 0) && word == SUSPENDED && h->on > park.thread_state &&
	    !read_memory(&interpreter, sizeof(interpreter), h->on - park.thread_state, park.thread_interp) && is_interpreter(process, interpreter))
		return PARK_PAUSE;
	who = stopper_at(process, h->on - __builtin_offsetof(struct stop_state, event));
	if (!who)
		return PARK_OTHER;
	w->stop = h->on - __builtin_offsetof(struct stop_state, event); /* learnt: pauses ask it who */
	w->stopper = who;
	return PARK_STOPS;
}

/* A pause that threads felt has ended: it is counted, and who made it. */
static __noinline int count_pause(struct world *w, __u32 process, __u64 since, __u64 until)
{
	struct stopper_key key = {.process = process, .tid = w->stopper};
	struct stopper_count *n, fresh = {};
	__u64 ns = since && until > since ? until - since : 0;

	__sync_fetch_and_add(&w->pauses, 1);
	__sync_fetch_and_add(&w->pause_ns, ns);
	if (ns > w->pause_max)
		w->pause_max = ns;
	n = bpf_map_lookup_elem(&stoppers, &key);
	if (!n) {
		bpf_map_update_elem(&stoppers, &key, &fresh, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&stoppers, &key);
	}
	if (!n) {
		__sync_fetch_and_add(&w->lost, 1);
		return 0;
	}
	__sync_fetch_and_add(&n->pauses, 1);
	__sync_fetch_and_add(&n->ns, ns);
	if (ns > n->max)
		n->max = ns;
	return 0;
}

enum { PAUSE_TRIES = 4 };

/* The current thread is paused: in the pause that goes on, or the first in a new one. That it is when nobody else is paused, and when it was
 * in the one that goes on and was let go: then the world was started and stopped again before all others had woken, and who wakes late from
 * the one before finds the new one. Each pause is counted by the thread that takes its beginning out of the world. */
static __noinline int pause(struct world *w, struct gil_thread *t, __u64 now)
{
	int first = __sync_fetch_and_add(&w->paused, 1) == 0, i;
	__u64 since;

	for (i = 0; i < PAUSE_TRIES; i++) {
		since = *(volatile __u64 *)&w->since;
		if (since && !first && t->pause_of != since) {
			t->pause_of = since;
			return 0;
		}
		if (__sync_val_compare_and_swap(&w->since, since, now) == since) {
			if (since)
				count_pause(w, t->process, since, first ? w->woken : t->pause_end);
			w->stopper = stopper_at(t->process, w->stop);
			t->pause_of = now;
			return 0;
		}
		first = 0; /* another thread has begun it, or ended the one before */
	}
	__sync_fetch_and_add(&w->lost, 1);
	return 0;
}

static __always_inline void unpause(struct world *w, struct gil_thread *t, __u64 now)
{
	__u64 since = *(volatile __u64 *)&w->since;

	t->pause_end = w->woken = now;
	if (__sync_fetch_and_add(&w->paused, -1) == 1 && since && __sync_val_compare_and_swap(&w->since, since, 0) == since)
		count_pause(w, t->process, since, now);
}

/* A wait of the current thread has ended: the one at an index of its waits. */
static __noinline int end_park(struct world *w, struct gil_thread *t, __u32 at, __u64 now)
{
	struct park *k = &t->parks[at & (PARKS - 1)];
	__u64 ns = k->before + (now > k->since ? now - k->since : 0);

	if (k->kind == PARK_MUTEX) {
		t->waits++;
		t->wait_ns += ns;
		if (ns > t->wait_max)
			t->wait_max = ns;
		t->wait_hist[bucket_of(ns)]++;
	} else if (k->kind == PARK_PAUSE) {
		t->pauses++;
		t->pause_ns += ns;
		if (ns > t->pause_max)
			t->pause_max = ns;
		unpause(w, t, now);
	} else {
		t->others++;
		t->other_ns += ns;
	}
	return 0;
}

/* Drops waits whose end was not seen: a wait within another is further down the stack. */
static __always_inline void drop_stale(struct world *w, struct gil_thread *t, __u64 semaphore, __u64 now)
{
	__u32 i, n;

	for (i = 0; i < PARKS; i++) {
		n = *(volatile __u32 *)&t->parked;
		if (!n || n > PARKS || t->parks[(n - 1) & (PARKS - 1)].semaphore > semaphore)
			break;
		if (t->parks[(n - 1) & (PARKS - 1)].kind == PARK_PAUSE)
			unpause(w, t, now);
		t->parked = n - 1;
		__sync_fetch_and_add(&w->lost, 1);
	}
}

/* At the call that makes a wait's semaphore. */
SEC("uprobe.multi")
int parked(struct pt_regs *ctx)
{
	__u32 process = bpf_get_attach_cookie(ctx), slot = 0, n;
	struct gil_process *p = bpf_map_lookup_elem(&gil_processes, &process);
	struct world *w = bpf_map_lookup_elem(&worlds, &process);
	__u64 semaphore = first_argument(ctx), now;
	struct wait_head h = {};
	struct gil_thread *t;
	struct park *k;

	if (!p || !w || p->phase == GIL_NONE)
		return 0;
	__sync_fetch_and_add(&p->other, 1);
	t = thread_of(process, &slot);
	if (!t || read_memory(&h, sizeof(h), semaphore - sizeof(h), 0)) {
		__sync_fetch_and_add(&p->lost, 1);
		return 0;
	}
	now = bpf_ktime_get_ns();
	t->seq++;
	barrier();
	drop_stale(w, t, semaphore, now);
	n = *(volatile __u32 *)&t->parked;
	if (n >= PARKS) {
		__sync_fetch_and_add(&w->lost, 1);
	} else {
		if (n) { /* each moment is of the innermost wait */
			k = &t->parks[(n - 1) & (PARKS - 1)];
			k->before += now > k->since ? now - k->since : 0;
			k->since = now;
		}
		k = &t->parks[n & (PARKS - 1)];
		k->semaphore = semaphore;
		k->since = now;
		k->before = 0;
		k->kind = kind_of(w, process, &h);
		t->parked = n + 1;
		if (k->kind == PARK_PAUSE)
			pause(w, t, now);
		else if (k->kind == PARK_UNREADABLE)
			__sync_fetch_and_add(&p->unreadable, 1);
	}
	barrier();
	t->seq++;
	return 0;
}

/* At the call that unmakes it. */
SEC("uprobe.multi")
int unparked(struct pt_regs *ctx)
{
	__u32 process = bpf_get_attach_cookie(ctx), task = (__u32)bpf_get_current_pid_tgid(), n, *slot;
	struct gil_process *p = bpf_map_lookup_elem(&gil_processes, &process);
	struct world *w = bpf_map_lookup_elem(&worlds, &process);
	__u64 semaphore = first_argument(ctx), now = bpf_ktime_get_ns();
	struct gil_thread *t;

	if (!p || !w || p->phase == GIL_NONE)
		return 0;
	__sync_fetch_and_add(&p->other, 1);
	slot = bpf_map_lookup_elem(&gil_slots, &task);
	t = slot ? bpf_map_lookup_elem(&gil_threads, slot) : 0;
	if (!t) /* it began before pytop came */
		return 0;
	t->seq++;
	barrier();
	drop_stale(w, t, semaphore - 1, now);
	n = *(volatile __u32 *)&t->parked;
	if (n && n <= PARKS && t->parks[(n - 1) & (PARKS - 1)].semaphore == semaphore) {
		end_park(w, t, n - 1, now);
		t->parked = n - 1;
		if (n > 1)
			t->parks[(n - 2) & (PARKS - 1)].since = now;
	}
	barrier();
	t->seq++;
	return 0;
}

/* A thread ends: so do its waits. */
static __noinline int end_parks(struct gil_thread *t, __u64 now)
{
	__u32 process = t->process, i, n;
	struct world *w = bpf_map_lookup_elem(&worlds, &process);

	for (i = 0; w && i < PARKS; i++) {
		n = *(volatile __u32 *)&t->parked;
		if (!n || n > PARKS)
			break;
		end_park(w, t, n - 1, now);
		t->parked = n - 1;
	}
	return 0;
}

/* Types that Go needs and that no map or variable mentions: this makes them reach BTF. */
const enum park_kind *go_park_kind __attribute__((unused));
const enum park_sizes *go_park_sizes __attribute__((unused));
