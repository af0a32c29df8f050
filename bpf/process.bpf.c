//go:build ignore

/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Follows processes: forks, execs, ends. So a child is counted from its first call, and nobody else's calls are counted for a dead one. */

/* pytop's own PID namespace; 0: it is the first one. */
const volatile __u64 pidns_dev = 0;
const volatile __u64 pidns_ino = 0;

/* What pytop's time namespace adds to the time since boot, ns. */
const volatile __s64 boot_offset = 0;

/* The number of the build that these programs are loaded for. */
const volatile __u32 build = 0;

/* Count every process that passes a site, also those that Go has not registered. */
const volatile __u32 watch_all = 0;

enum { DEEPEST_NAMESPACE = 32 }; /* MAX_PID_NS_LEVEL */

/* When a process started, as /proc/PID/stat tells pytop. */
static __always_inline __u32 started(__u64 start_boottime)
{
	return (start_boottime + boot_offset) / 10000000;
}

/* A process's PID as pytop's PID namespace numbers it; 0: it is not in there. */
static __noinline __u32 pid_of(struct task_struct *task)
{
	struct pid *pid = task->thread_pid;
	__u32 level = pid->level;

	if (!pidns_ino)
		return task->tgid;
	for (__u32 i = 0; i <= DEEPEST_NAMESPACE && i <= level; i++) {
		struct pid_namespace *ns = 0;
		unsigned int inum = 0;
		int nr = 0;
		__u64 at = (__u64)&pid->numbers[0] + i * __builtin_preserve_type_info(*(struct upid *)0, 1 /* its size */);

		bpf_probe_read_kernel(&ns, sizeof(ns), &((struct upid *)at)->ns);
		bpf_probe_read_kernel(&inum, sizeof(inum), &ns->ns.inum);
		bpf_probe_read_kernel(&nr, sizeof(nr), &((struct upid *)at)->nr);
		if (inum == pidns_ino)
			return nr;
	}
	return 0;
}

static __always_inline struct process_key process_key(struct task_struct *leader)
{
	struct process_key key = { .pid = pid_of(leader), .started = started(leader->start_boottime) };

	return key;
}

static __always_inline void miss(enum missed_what what)
{
	__u32 key = what;
	__u64 *n = bpf_map_lookup_elem(&missed, &key);

	if (n)
		__sync_fetch_and_add(n, 1);
}

/* The arguments of the current process, or of the one that it has just forked. */
static __always_inline void read_command(struct process_state *p, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	__u64 size;

	__builtin_memset(p->command, 0, sizeof(p->command));
	if (!mm)
		return;
	size = mm->arg_end - mm->arg_start;
	if (size >= COMMAND)
		size = COMMAND - 1;
	bpf_probe_read_user(p->command, size & (COMMAND - 1), (void *)mm->arg_start);
}

/* Makes the entry of a process; NULL: there is no room. task is what its arguments are read from. */
static __noinline struct process_state *add_process(struct process_key *key, __u32 flags, struct task_struct *task)
{
	__u32 zero = 0;
	struct process_state *fresh = bpf_map_lookup_elem(&blank, &zero), *p;

	if (!fresh)
		return 0;
	bpf_map_update_elem(&processes, key, fresh, BPF_NOEXIST);
	p = bpf_map_lookup_elem(&processes, key);
	if (!p) {
		miss(MISSED_PROCESSES);
		return 0;
	}
	if (!p->flags) {
		read_command(p, task);
		p->flags = flags;
	}
	return p;
}

/* A child is registered before it runs. */
SEC("tp_btf/sched_process_fork")
int process_forked(__u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	struct process_state *p, *c;
	__u32 flags;

	if (parent->tgid == child->tgid)
		return 0; /* a thread */
	struct process_key of = process_key(parent->group_leader);
	p = bpf_map_lookup_elem(&processes, &of);
	if (!p || !(p->flags & (COUNTED | FAMILY | PAYS)))
		return 0;
	if (p->flags & FAMILY)
		flags = COUNTED | FAMILY | BY_KERNEL;
	else if (watch_all)
		flags = COUNTED | BY_KERNEL;
	else
		flags = PAYS | BY_KERNEL;
	struct process_key key = process_key(child);
	if (!key.pid)
		return 0;
	c = add_process(&key, flags, parent);
	if (!c)
		return 0;
	if (!(p->flags & EXECED)) { /* else it may run no Python any more */
		c->code_type = p->code_type;
		c->build = p->build;
	}
	c->parent = p->flags & PAYS ? p->parent : of.pid;
	return 0;
}

/* A program of its own has none of the breakpoints that were inherited; Go looks whether it is a CPython whose file is not known. */
SEC("tp_btf/sched_process_exec")
int process_execed(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct process_key key = process_key(task->group_leader);
	struct process_state *p = bpf_map_lookup_elem(&processes, &key);
	struct event *e;

	if (p && p->flags & PAYS) {
		bpf_map_delete_elem(&processes, &key);
		return 0;
	}
	if (p) {
		p->execs++;
		__sync_fetch_and_or(&p->flags, EXECED);
		if (p->flags & BY_KERNEL)
			read_command(p, task);
	}
	if (!key.pid || (!p && !watch_all))
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		miss(MISSED_EXECS);
		return 0;
	}
	e->pid = key.pid;
	e->at = bpf_ktime_get_ns();
	e->started = key.started;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int process_exited(__u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct process_state *p;

	if (task->signal->live.counter)
		return 0; /* other threads run on */
	struct process_key key = process_key(task->group_leader);
	p = bpf_map_lookup_elem(&processes, &key);
	if (!p)
		return 0;
	if (p->flags & PAYS)
		bpf_map_delete_elem(&processes, &key);
	else
		__sync_fetch_and_or(&p->flags, ENDED);
	return 0;
}

/* Types that Go needs and that no map or variable mentions: this makes them reach BTF. */
const enum loss *go_loss __attribute__((unused));
const enum process_flags *go_process_flags __attribute__((unused));
const enum missed_what *go_missed_what __attribute__((unused));
const struct event *go_event __attribute__((unused));
