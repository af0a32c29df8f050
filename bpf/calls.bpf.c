//go:build ignore

/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Counts starts and resumes of Python functions. */

/* Set by Go while a function is counted by thread: 0 is no; grows with each focus. */
__u32 focus_epoch = 0;

enum { CO_GENERATOR = 0x20, CO_COROUTINE = 0x80, CO_ASYNC_GENERATOR = 0x200 };

enum hit { START, RESUME, CREATION, UNREADABLE };

/* Process and thread as pytop's PID namespace numbers them: the process in the upper half. */
static __always_inline __u64 current_ids(void)
{
	struct bpf_pidns_info ns = {};
	struct task_struct *task;

	if (!pidns_ino)
		return bpf_get_current_pid_tgid();
	if (!bpf_get_ns_current_pid_tgid(pidns_dev, pidns_ino, &ns, sizeof(ns)))
		return (__u64)ns.tgid << 32 | ns.pid;
	/* The helper knows a task by the innermost namespace alone, and this one may be in a container inside of pytop's. */
	task = (void *)bpf_get_current_task_btf();
	return (__u64)pid_of(task->group_leader) << 32 | pid_of(task);
}

static __always_inline struct process_state *current_process(void)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct process_key key = { .pid = current_ids() >> 32, .started = started(task->group_leader->start_boottime) };

	return bpf_map_lookup_elem(&processes, &key);
}

static __always_inline int lose(enum loss why, __u64 n)
{
	struct process_state *p = current_process();

	if (p)
		__sync_fetch_and_add(&p->lost[why], n);
	return 0;
}

static __always_inline struct call_key call_key(__u64 code, __u64 cookie)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct call_key key = {
		.tgid = task->tgid,
		.image = (__u32)task->self_exec_id << 8 | (__u32)(cookie >> ATTACH_SHIFT),
		.code = code,
		.start = task->group_leader->start_boottime,
	};
	return key;
}

/* A size that the verifier can see is below room, a power of 2: clang drops the mask where it knows so itself, and the verifier
 * of Linux 6.1 has by then forgotten the comparison. */
static __always_inline __u64 below(__u64 size, __u32 room)
{
	size = size < room ? size : room - 1;
	asm volatile("" : "+r"(size));
	return size & (room - 1);
}

static __always_inline void fill_name(struct name *n, char *file_bytes, char *function_bytes, __u32 room,
				      struct str_head *file, struct str_head *function)
{
	__u64 size;

	n->file = file->text;
	size = below(file->size, room);
	n->file.bytes = size;
	if (bpf_probe_read_user(file_bytes, size, (void *)file->at))
		n->file.kind = 0;
	n->function = function->text;
	size = below(function->size, room);
	n->function.bytes = size;
	if (bpf_probe_read_user(function_bytes, size, (void *)function->at))
		n->function.kind = 0;
}

#define SEND_NAME(room)                                                                              \
	({                                                                                           \
		struct { struct name name; char file[room]; char function[room]; } *e_ =             \
			bpf_ringbuf_reserve(&names, sizeof(*e_), 0);                                 \
		if (e_) {                                                                            \
			e_->name.id = id;                                                            \
			e_->name.code = code;                                                        \
			e_->name.pid = pid;                                                          \
			e_->name.line = line;                                                        \
			fill_name(&e_->name, e_->file, e_->function, room, &file, &function);        \
			bpf_ringbuf_submit(e_, 0);                                                   \
		}                                                                                    \
		e_ != 0;                                                                             \
	})

/* Tells Go what the new code object is called: 1, or 0 when the ring is full. */
static __noinline int send_name(__u64 id, __u64 code, __u32 pid)
{
	struct str_head file, function;
	__u32 line = 0;

	read_memory(&line, sizeof(line), code, py.code_line);
	read_str_head(&file, code, py.code_file);
	read_str_head(&function, code, py.code_name);
	if (file.size < TEXT_SMALL && function.size < TEXT_SMALL)
		return SEND_NAME(TEXT_SMALL);
	if (file.size < TEXT_MEDIUM && function.size < TEXT_MEDIUM)
		return SEND_NAME(TEXT_MEDIUM);
	return SEND_NAME(TEXT_LARGE);
}

/* Makes the entry of a code object not seen before; NULL: not counted (and why is counted). */
static __noinline struct call_count *first_sight(struct call_key *key)
{
	struct call_count fresh = {};
	struct process_key process = { .pid = current_ids() >> 32, .started = started(key->start) };
	struct process_state *p = bpf_map_lookup_elem(&processes, &process);
	__u32 zero = 0, flags = 0, pid = process.pid;
	__u64 *last = bpf_map_lookup_elem(&last_id, &zero);
	long failed;

	if (!p && watch_all && pid)
		p = add_process(&process, COUNTED | BY_KERNEL, (void *)bpf_get_current_task_btf());
	if (!p || !(p->flags & COUNTED) || !last)
		return 0; /* not watched: another process of the same file, or a child that inherited the breakpoint */
	if (p->build != build) /* its first call of all, or of another CPython that it exec'd */
		p->build = build;
	if (p->flags & EXECED)
		__sync_fetch_and_and(&p->flags, ~EXECED);
	if (!is_code(key->code, p->code_type)) {
		__sync_fetch_and_add(&p->lost[LOST_NOT_CODE], 1);
		return 0;
	}
	read_memory(&flags, sizeof(flags), key->code, py.code_flags);
	if (flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR))
		fresh.flags = GENERATOR;
	else
		fresh.start = key->code; /* so that Go knows where it was once it is freed */
	fresh.id = __sync_fetch_and_add(last, 1) + 1;
	fresh.pid = pid;
	fresh.started = process.started;
	failed = bpf_map_update_elem(&live, key, &fresh, BPF_NOEXIST);
	if (!failed && !send_name(fresh.id, key->code, pid))
		__sync_fetch_and_add(&p->lost[LOST_NAMES], 1);
	struct call_count *n = bpf_map_lookup_elem(&live, key); /* another thread may have been first */
	if (!n)
		__sync_fetch_and_add(&p->lost[LOST_FULL], 1);
	return n;
}

/* Only generators and coroutines have resumes, so only they look at the running instruction. */
static __always_inline enum hit what_generator_does(struct pt_regs *ctx, struct call_count *n, __u64 cookie)
{
	__u64 at = 0;
	__u16 instruction = 0;
	__s32 lasti = 0;

	if (py.legacy_frame) {
		if (read_memory(&lasti, sizeof(lasti), read_frame(ctx, cookie), py.frame_lasti))
			return UNREADABLE;
		return lasti == -1 ? START : RESUME;
	}
	if (cookie & NEXT_IN_REGISTER)
		at = read_register(ctx, cookie >> NEXT_SHIFT & 31) - (cookie >> AHEAD_SHIFT & 15);
	else if (read_memory(&at, sizeof(at), read_frame(ctx, cookie), py.frame_instr))
		return UNREADABLE;
	if (py.start_is_fixed && n->start) {
		if (at == n->start)
			return START;
		if (py.resume_mask == 3 || (__u32)(at - n->start) == n->resumed)
			return RESUME;
	}
	if (read_memory(&instruction, sizeof(instruction), at, 0))
		return UNREADABLE;
	switch (instruction >> 8 & py.resume_mask) {
	case 0:
		n->start = at;
		return START;
	case 4: /* 3.15: a generator expression is being made; with mask 3 it does not occur */
		return CREATION;
	}
	if (n->start)
		n->resumed = at - n->start;
	return RESUME;
}

static __always_inline void count_by_thread(struct call_key *key, enum hit hit, __u32 epoch)
{
	struct thread_key thread = { .tid = (__u32)current_ids(), .epoch = epoch };
	struct thread_count fresh = {}, *n;

	if (!bpf_map_lookup_elem(&focused, key))
		return;
	n = bpf_map_lookup_elem(&by_thread, &thread);
	if (!n) {
		bpf_map_update_elem(&by_thread, &thread, &fresh, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&by_thread, &thread);
	}
	if (n) /* only this thread writes its entry */
		hit == START ? n->calls++ : n->resumes++;
}

/* At a site that every start of a Python function passes once. */
SEC("uprobe.multi")
int called(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx), code;
	enum hit hit = START;
	__u32 epoch;

	if (cookie & IF_TAKEN && !branch_taken(ctx, cookie >> CONDITION_SHIFT))
		return 0;
	if (cookie & IF_NOT_TAKEN && branch_taken(ctx, cookie >> CONDITION_SHIFT))
		return 0;
	if (cookie & THROW_IN_REGISTER && (__u32)read_register(ctx, cookie >> THROW_SHIFT & 31))
		return 0; /* throw() or close(): the body does not run */
	code = read_code(ctx, cookie);
	if (!code)
		return lose(LOST_UNREADABLE, 1);

	struct call_key key = call_key(code, cookie);
	struct call_count *n = bpf_map_lookup_elem(&live, &key);

	if (!n && !(n = first_sight(&key)))
		return 0;
	if (n->flags & GENERATOR)
		hit = what_generator_does(ctx, n, cookie);
	if (hit == START)
		__sync_fetch_and_add(&n->calls, 1);
	else if (hit == RESUME)
		__sync_fetch_and_add(&n->resumes, 1);
	else
		return hit == UNREADABLE ? lose(LOST_UNREADABLE, 1) : 0;
	epoch = focus_epoch;
	if (epoch)
		count_by_thread(&key, hit, epoch);
	return 0;
}

/* At the start of code_dealloc(code): from now on its address may be another function. */
SEC("uprobe.multi")
int freed(struct pt_regs *ctx)
{
	struct call_key key = call_key(first_argument(ctx), bpf_get_attach_cookie(ctx));
	struct call_count *n = bpf_map_lookup_elem(&live, &key);
	struct process_state *p;

	if (!n)
		return 0;
	struct process_key process = { .pid = n->pid, .started = n->started };
	__u64 id = n->id, counted = n->calls + n->resumes - n->calls_undone - n->resumes_undone;
	long failed = bpf_map_update_elem(&gone, &id, n, BPF_NOEXIST);

	bpf_map_delete_elem(&live, &key); /* in any case: never let the counts become another function's */
	bpf_map_delete_elem(&focused, &key);
	p = bpf_map_lookup_elem(&processes, &process);
	if (p) {
		__sync_fetch_and_add(&p->freed, 1);
		if (failed)
			__sync_fetch_and_add(&p->lost[LOST_GONE_FULL], counted);
	}
	return 0;
}

/* At a call of _Py_Instrument(code, interpreter): the RESUME that has just been counted runs again. Other calls pass the site too. */
SEC("uprobe.multi")
int instrumented(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	struct call_key key = call_key(first_argument(ctx), cookie);
	struct call_count *n = bpf_map_lookup_elem(&live, &key);
	enum hit hit = START;
	struct process_state *p;

	if (!n)
		return 0;
	if (n->flags & GENERATOR)
		hit = what_generator_does(ctx, n, cookie);
	if (hit == START)
		__sync_fetch_and_add(&n->calls_undone, 1);
	else if (hit == RESUME)
		__sync_fetch_and_add(&n->resumes_undone, 1);
	else if (hit == UNREADABLE)
		return lose(LOST_UNREADABLE, 1);
	struct process_key process = { .pid = n->pid, .started = n->started };
	p = bpf_map_lookup_elem(&processes, &process);
	if (p)
		__sync_fetch_and_add(&p->instrumented, 1);
	return 0;
}

/* At ENTER_EXECUTOR: a compiled trace is entered, and calls inside it pass no site. */
SEC("uprobe.multi")
int executor(struct pt_regs *ctx)
{
	struct process_state *p = current_process();

	if (p)
		__sync_fetch_and_add(&p->executor, 1);
	return 0;
}

/* The floor: what a probe costs that does nothing. For calibration and benchmarks. */
SEC("uprobe.multi")
int empty(struct pt_regs *ctx)
{
	return 0;
}

/* Types that Go needs and that no map or variable mentions: this makes them reach BTF. */
const struct name *go_name __attribute__((unused));
const enum cookie_flags *go_cookie_flags __attribute__((unused));
const enum cookie_shifts *go_cookie_shifts __attribute__((unused));
const enum call_flags *go_call_flags __attribute__((unused));
const enum text_sizes *go_text_sizes __attribute__((unused));
