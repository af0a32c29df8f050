//go:build ignore

/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Follows the GIL through the condition variables that CPython signals and waits on (Python/ceval_gil.c, 3.8 to 3.15 alike), told
 * apart by their addresses alone, so that nothing of the interpreter's code has to be found:
 *   taken   pthread_cond_signal(&gil->switch_cond)   locked, last_holder and switch_number are stored already
 *   dropped pthread_cond_signal(&gil->cond)          locked is stored already
 *   waits   pthread_cond_timedwait(&gil->cond, …)    again each switch interval, while it is another's
 *   forced  pthread_cond_wait(&gil->switch_cond, …)  made to drop it, until another has taken it
 * The first three run under gil->mutex, forced under gil->switch_mutex. Probes are in the functions, or at the instructions of
 * CPython's own file that call them: there as here the first argument is in its register. */

const volatile struct gil_offsets gil = {};

#define barrier() asm volatile("" ::: "memory")

/* What is between a GIL's last_holder and its cond. */
struct gil_fields {
	__u64 last_holder;
	__u32 locked;
	__u32 pad;
	__u64 switch_number;
};

static __always_inline long read_gil(struct gil_fields *f, __u64 address)
{
	return read_memory(f, sizeof(*f), address, gil.last_holder);
}

/* Which GIL's condition variable is at an address; 0: none's. */
static __always_inline __u32 role_of(struct gil_process *p, __u64 process, __u64 address, __u32 *index)
{
	struct gil_cond key;
	struct gil_role *role;

	if (!address)
		return 0;
	*index = p->gil;
	if (address == p->switch_cond)
		return GIL_TAKEN;
	if (address == p->cond)
		return GIL_DROPPED;
	key.process = process;
	key.address = address;
	role = bpf_map_lookup_elem(&gil_conds, &key);
	if (!role) {
		__sync_fetch_and_add(&p->other, 1);
		return 0;
	}
	*index = role->gil;
	return role->kind;
}

/* The current thread's slot, given to it when it has none; NULL: there is no room. */
static __noinline struct gil_thread *thread_of(__u32 process, __u32 *slot)
{
	__u32 task = (__u32)bpf_get_current_pid_tgid(), zero = 0;
	__u32 *known = bpf_map_lookup_elem(&gil_slots, &task);
	struct gil_thread *t;
	__u64 *last;

	if (known) {
		*slot = *known;
		return bpf_map_lookup_elem(&gil_threads, slot);
	}
	last = bpf_map_lookup_elem(&last_id, &zero);
	if (!last || bpf_map_pop_elem(&gil_free, slot))
		return 0;
	t = bpf_map_lookup_elem(&gil_threads, slot);
	if (!t || bpf_map_update_elem(&gil_slots, &task, slot, BPF_NOEXIST)) {
		bpf_map_push_elem(&gil_free, slot, 0);
		return 0;
	}
	t->tid = (__u32)current_ids();
	t->task = task;
	t->process = process;
	bpf_get_current_comm(t->comm, sizeof(t->comm));
	barrier();
	t->id = __sync_fetch_and_add(last, 1) + 1;
	return t;
}

static __always_inline __u32 bucket_of(__u64 ns)
{
	__u32 v = ns >> 32 ? ns >> 32 : ns, b = ns >> 32 ? 32 : 0;

	if (v >> 16) { v >>= 16; b += 16; }
	if (v >> 8) { v >>= 8; b += 8; }
	if (v >> 4) { v >>= 4; b += 4; }
	if (v >> 2) { v >>= 2; b += 2; }
	b += v >> 1;
	return b < GIL_BUCKETS ? b : GIL_BUCKETS - 1;
}

static __always_inline void end_hold(struct gil_state *g, struct gil_thread *t, __u64 since, __u64 now)
{
	__u64 ns = now > since ? now - since : 0;

	g->held_ns += ns;
	if (!t)
		return;
	t->hold_ns += ns;
	if (ns > t->hold_max)
		t->hold_max = ns;
	t->hold_hist[bucket_of(ns)]++;
	t->hold_since = 0;
}

/* Adds to what went between two threads. */
static __noinline int between(__u32 process, struct gil_pair *pair, __u64 switches, __u64 wait_ns)
{
	struct gil_pair_count *n, fresh = {.switches = switches, .wait_ns = wait_ns};
	struct gil_process *p;

	if (!pair)
		return 0;
	n = bpf_map_lookup_elem(&gil_pairs, pair);
	if (n) {
		n->switches += switches;
		n->wait_ns += wait_ns;
	} else if (bpf_map_update_elem(&gil_pairs, pair, &fresh, BPF_NOEXIST)) {
		p = bpf_map_lookup_elem(&gil_processes, &process);
		if (p)
			__sync_fetch_and_add(&p->lost_pairs, 1);
	}
	return 0;
}

/* Counts what the current thread waited since its last step for the stack and the thread that it saw then. */
static __noinline int blame_until(struct gil_thread *t, __u64 now)
{
	struct blame_count *n = bpf_map_lookup_elem(&blame, &t->blamed), fresh = {};
	__u32 process = t->process;
	struct gil_process *p;
	__u64 ns = now > t->step_since ? now - t->step_since : 0;
	struct gil_pair pair = {.from = t->blamed.holder, .to = t->id, .gil = t->blamed.gil};

	if (pair.from)
		between(process, &pair, 0, ns);
	if (n) {
		n->wait_ns += ns;
		n->steps++;
		return 0;
	}
	fresh.wait_ns = ns;
	fresh.steps = 1;
	if (bpf_map_update_elem(&blame, &t->blamed, &fresh, BPF_NOEXIST)) {
		p = bpf_map_lookup_elem(&gil_processes, &process);
		if (p)
			__sync_fetch_and_add(&p->lost_blame, 1);
	}
	return 0;
}

static __always_inline void end_wait(struct gil_state *g, struct gil_thread *t, __u64 now)
{
	__u64 ns = now > t->wait_since ? now - t->wait_since : 0;

	if (t->step_since)
		blame_until(t, now);
	t->step_since = 0;
	t->wait_since = 0;
	t->waits++;
	t->wait_ns += ns;
	g->wait_ns += ns;
	if (ns > t->wait_max)
		t->wait_max = ns;
	t->wait_hist[bucket_of(ns)]++;
}

/* Compares what was counted with what CPython says of itself. */
static __noinline int check(struct gil_state *g, __u32 locked)
{
	struct gil_fields f = {};

	if (read_gil(&f, g->address))
		return 0;
	if (f.locked != locked)
		g->wrong_locked++;
	if (!g->checks)
		g->number_base = f.switch_number - g->switches;
	g->number = f.switch_number - g->number_base;
	g->number_switches = g->switches;
	g->checks++;
	return 0;
}

static __always_inline int is_last(struct gil_state *g, struct gil_thread *t, __u32 task)
{
	return t && t->task == task && t->id == g->last && g->last;
}

static __always_inline void taken(struct gil_process *p, __u32 process, struct gil_state *g, __u32 index)
{
	__u32 task = (__u32)bpf_get_current_pid_tgid(), slot = g->last_slot;
	struct gil_thread *t = bpf_map_lookup_elem(&gil_threads, &slot);
	__u64 now = bpf_ktime_get_ns();
	int again = is_last(g, t, task);
	struct gil_pair pair = {.gil = index};

	if (!again) {
		t = thread_of(process, &slot);
		if (!t) {
			__sync_fetch_and_add(&p->lost, 1);
			slot = ~0;
		}
	}
	g->seq++;
	barrier();
	g->takes++;
	if (g->since)
		g->disorder++;
	g->since = now;
	if (t) {
		t->seq++;
		barrier();
		t->takes++;
		t->hold_since = now;
		t->gil = index;
		if (t->wait_since)
			end_wait(g, t, now);
		barrier();
		t->seq++;
	}
	if (!again) {
		if (g->last_tid && g->last_tid != task) {
			g->switches++;
			if (g->last && t) {
				pair.from = g->last;
				pair.to = t->id;
				between(process, &pair, 1, 0);
			}
		}
		g->last = t ? t->id : 0;
		g->last_slot = slot;
		g->last_tid = task;
		check(g, 1);
	} else if (!(g->takes % NUMBER_EVERY)) {
		check(g, 1);
	}
	barrier();
	g->seq++;
}

static __always_inline void dropped(struct gil_process *p, __u32 process, struct gil_state *g, __u32 index)
{
	__u32 task = (__u32)bpf_get_current_pid_tgid(), slot = g->last_slot;
	struct gil_thread *t = bpf_map_lookup_elem(&gil_threads, &slot);
	__u64 now = bpf_ktime_get_ns(), since = g->since;
	int known = is_last(g, t, task);

	if (!known) { /* its take was not seen: it was before pytop came */
		t = thread_of(process, &slot);
		if (!t)
			__sync_fetch_and_add(&p->lost, 1);
	}
	/* glibc's pthread_cond_timedwait itself ends in pthread_cond_signal when it times out as it is woken: who waits drops nothing. */
	if (t && t->wait_since)
		return;
	g->seq++;
	barrier();
	g->drops++;
	if (!since && !g->takes && g->drops == 1)
		since = g->attached;
	else if (!since)
		g->disorder++;
	g->since = 0;
	if (t) {
		t->seq++;
		barrier();
		t->drops++;
		t->gil = index;
		if (since)
			end_hold(g, t, since, now);
		barrier();
		t->seq++;
	} else if (since) {
		end_hold(g, 0, since, now);
	}
	if (!known) {
		g->last = t ? t->id : 0;
		g->last_slot = t ? slot : ~0;
		g->last_tid = task;
		check(g, 0);
	}
	barrier();
	g->seq++;
}

/* While probes change over from functions to the instructions that call them, a call meets first the one, then the other, or only
 * one: is it counted already? The thread's own mark says so, whichever probes are in place. */
static __noinline int repeated(__u32 process, __u32 at_call)
{
	struct gil_thread *t;
	__u32 slot = 0;

	t = thread_of(process, &slot);
	if (!t)
		return 0;
	if (at_call) {
		t->called = 1;
		return 0;
	}
	if (!t->called)
		return 0;
	t->called = 0;
	return 1;
}

/* Which GIL's condition variable the call is about that a site was hit for, see role_of; 0: none's, or it is counted already. */
static __always_inline __u32 called_for(struct pt_regs *ctx, __u64 cookie, struct gil_process *p, __u32 process, __u32 *index)
{
	__u32 kind;

	if (cookie >> GIL_IF_TAKEN_SHIFT & 1 && !branch_taken(ctx, cookie >> GIL_CONDITION_SHIFT)) {
		__sync_fetch_and_add(&p->other, 1);
		return 0;
	}
	kind = role_of(p, process, first_argument(ctx), index);
	if (!kind || p->phase == GIL_ALL)
		return kind;
	return p->phase == GIL_NONE || repeated(process, cookie >> GIL_AT_CALL_SHIFT & 1) ? 0 : kind;
}

/* At pthread_cond_signal(cond). */
SEC("uprobe.multi")
int signalled(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	__u32 process = cookie, index = 0;
	struct gil_process *p = bpf_map_lookup_elem(&gil_processes, &process);
	struct gil_state *g;
	__u32 kind;

	if (!p)
		return 0;
	kind = called_for(ctx, cookie, p, process, &index);
	g = kind ? bpf_map_lookup_elem(&gil_states, &index) : 0;
	if (!g)
		return 0;
	if (kind == GIL_TAKEN)
		taken(p, process, g, index);
	else
		dropped(p, process, g, index);
	return 0;
}

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	return (hash ^ word) * 0x9e3779b97f4a7c15ULL;
}

#define FIELD(type, bytes, offset) (*(type *)((bytes) + (offset)))

/* Walks the Python frames of another thread, which runs meanwhile: what is read may be torn, and then ends the walk. Returns the
 * stack's key, 0 when there is none. */
static __noinline __u64 walk(struct gil_thread *t, __u64 thread_state, __u32 pid)
{
	struct blame_stack *s = &t->stack;
	__u64 frame = 0, hash = pid, code, at;
	__u32 depth, i;

	if (gil.frame_size > FRAME_ROOM || gil.frame_previous > FRAME_ROOM - 8 || gil.frame_owner > FRAME_ROOM - 1 ||
	    py.frame_code > FRAME_ROOM - 8 || (py.legacy_frame ? py.frame_lasti : py.frame_instr) > FRAME_ROOM - 8)
		return 0;
	if (read_memory(&frame, sizeof(frame), thread_state, gil.thread_frame))
		return 0;
	if (gil.has_cframe && read_memory(&frame, sizeof(frame), frame, gil.cframe_frame))
		return 0;
	s->cut = 0;
	s->depth = 0;
	for (i = 0; i < BLAME_FRAMES + 8; i++) { /* 8: frames that are no Python function's */
		if (!frame)
			break;
		depth = *(volatile __u32 *)&s->depth; /* out of memory: the verifier would follow each value it can have */
		if (depth >= BLAME_FRAMES) {
			s->cut = 1;
			break;
		}
		if (read_memory(t->frame, gil.frame_size, frame, 0))
			break;
		frame = FIELD(__u64, t->frame, gil.frame_previous);
		if (gil.frame_foreign && FIELD(__u8, t->frame, gil.frame_owner) >= gil.frame_foreign)
			continue;
		code = FIELD(__u64, t->frame, py.frame_code) & py.code_mask;
		at = py.legacy_frame ? FIELD(__u32, t->frame, py.frame_lasti) : FIELD(__u64, t->frame, py.frame_instr);
		s->frames[depth].code = code;
		s->frames[depth].instruction = at;
		hash = mix(mix(hash, code), at);
		s->depth = depth + 1;
	}
	if (!s->depth)
		return 0;
	hash |= 1;
	s->pid = pid;
	if (!bpf_map_lookup_elem(&blame_stacks, &hash))
		bpf_map_update_elem(&blame_stacks, &hash, s, BPF_NOEXIST);
	return hash;
}

/* At pthread_cond_timedwait(cond, mutex, deadline). */
SEC("uprobe.multi")
int waited(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	__u32 process = cookie, index = 0, slot = 0;
	struct gil_process *p = bpf_map_lookup_elem(&gil_processes, &process);
	struct gil_fields f = {};
	struct gil_thread *t;
	struct gil_state *g;
	__u64 now, stack = 0;

	if (!p || called_for(ctx, cookie, p, process, &index) != GIL_DROPPED)
		return 0;
	g = bpf_map_lookup_elem(&gil_states, &index);
	t = thread_of(process, &slot);
	if (!g || !t) {
		__sync_fetch_and_add(&p->lost, 1);
		return 0;
	}
	now = bpf_ktime_get_ns();
	t->seq++;
	barrier();
	t->steps++;
	g->steps++;
	t->gil = index;
	if (!t->wait_since)
		t->wait_since = now;
	else if (t->step_since)
		blame_until(t, now);
	if (!read_gil(&f, g->address) && f.locked)
		stack = walk(t, f.last_holder, p->pid);
	if (!stack)
		__sync_fetch_and_add(&p->unreadable, 1);
	t->blamed.holder = g->since ? g->last : g->takes | g->drops ? 0 : g->seed;
	t->blamed.stack = stack;
	t->blamed.gil = index;
	t->step_since = now;
	barrier();
	t->seq++;
	return 0;
}

/* At pthread_cond_wait(cond, mutex). */
SEC("uprobe.multi")
int forced(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	__u32 process = cookie, index = 0, slot = 0;
	struct gil_process *p = bpf_map_lookup_elem(&gil_processes, &process);
	struct gil_thread *t;
	struct gil_state *g;

	if (!p || called_for(ctx, cookie, p, process, &index) != GIL_TAKEN)
		return 0;
	g = bpf_map_lookup_elem(&gil_states, &index);
	t = thread_of(process, &slot);
	if (!g || !t) {
		__sync_fetch_and_add(&p->lost, 1);
		return 0;
	}
	t->forced++;
	g->forced++;
	return 0;
}

static __noinline int end_parks(struct gil_thread *t, __u64 now);

/* When a thread ends, whether it held the GIL, waited for it, or neither. */
SEC("tp_btf/sched_process_exit")
int exited(void *ctx)
{
	__u32 task = (__u32)bpf_get_current_pid_tgid(), slot, index;
	__u32 *known = bpf_map_lookup_elem(&gil_slots, &task);
	struct gil_thread *t;
	struct gil_state *g;
	__u64 now;

	if (!known)
		return 0;
	slot = *known;
	bpf_map_delete_elem(&gil_slots, &task);
	t = bpf_map_lookup_elem(&gil_threads, &slot);
	if (!t)
		return 0;
	index = t->gil;
	g = bpf_map_lookup_elem(&gil_states, &index);
	now = bpf_ktime_get_ns();
	t->seq++;
	barrier();
	if (g && t->wait_since)
		end_wait(g, t, now);
	if (g && t->hold_since && g->last == t->id) {
		g->seq++;
		barrier();
		end_hold(g, t, t->hold_since, now);
		g->since = 0;
		g->died++;
		barrier();
		g->seq++;
	}
	end_parks(t, now);
	bpf_get_current_comm(t->comm, sizeof(t->comm)); /* it may have been given a name since */
	barrier();
	t->seq++;
	t->ended = 1;
	return 0;
}

/* Types that Go needs and that no map or variable mentions: this makes them reach BTF. */
const enum gil_sizes *go_gil_sizes __attribute__((unused));
const enum gil_kind *go_gil_kind __attribute__((unused));
const enum gil_phase *go_gil_phase __attribute__((unused));
const enum gil_cookie *go_gil_cookie __attribute__((unused));
const struct gil_frame *go_gil_frame __attribute__((unused));
