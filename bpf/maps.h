/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Every map. Sizes are set by Go before loading; hashes are not preallocated, so that memory is what is used. */
#pragma once

/* {tgid, image, code object} -> counts, while the code object lives. Written by called and instrumented; deleted by freed, and by Go
 * once the process has ended or was attached anew, and the entry was read. Not per CPU: the GIL makes one writer, atomics serve
 * free-threaded builds, and it is as fast with 1/ncpu of the memory and of the reading. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct call_key);
	__type(value, struct call_count);
} live SEC(".maps");

/* id -> counts of a code object that was freed: final. Written by freed; Go reads and deletes. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, __u64);
	__type(value, struct call_count);
} gone SEC(".maps");

/* Watched processes and their descendants. Entries are made by Go, by process_forked for children, and by first_sight when all are watched;
 * deleted by Go after the last reading, and by process_execed and process_exited those that only paid. Counters are written by the programs. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct process_key);
	__type(value, struct process_state);
} processes SEC(".maps");

/* 0 -> what a new entry of processes begins as: zeros, too many for a program's stack. Nobody writes it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_state);
} blank SEC(".maps");

/* Programs that processes exec'd, while all are watched or for those whose children are. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 << 10);
} events SEC(".maps");

/* enum missed_what -> how many. Written by the programs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MISSED);
	__type(key, __u32);
	__type(value, __u64);
} missed SEC(".maps");

/* Names of code objects at their first sight. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} names SEC(".maps");

/* 0 -> the last id given. A counter, not a clock: clocks can be coarse. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} last_id SEC(".maps");

/* The code objects of the focused function. Made by Go; deleted by freed, and by Go. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct call_key);
	__type(value, __u32);
} focused SEC(".maps");

/* {tid, epoch} -> counts of the focused function. Written by called; Go deletes those of old epochs. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct thread_key);
	__type(value, struct thread_count);
} by_thread SEC(".maps");

/* Index -> a process whose GIL is followed. Entries are made and cleared by Go; counters are written by signalled and waited. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct gil_process);
} gil_processes SEC(".maps");

/* {process, address of a condition variable} -> which GIL's it is: of all GILs but a process's first. Made and deleted by Go. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct gil_cond);
	__type(value, struct gil_role);
} gil_conds SEC(".maps");

/* Index -> GIL. Made and cleared by Go, written by signalled, waited and exited. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2048);
	__type(key, __u32);
	__type(value, struct gil_state);
} gil_states SEC(".maps");

/* Slot -> thread. An array, so that the one that had the GIL last is found without a hash. Made by thread_of, cleared by Go. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct gil_thread);
} gil_threads SEC(".maps");

/* tid, as the kernel's first PID namespace numbers it -> slot. Written by thread_of; deleted by exited, and by Go after an exec. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} gil_slots SEC(".maps");

/* Slots that are free: pushed by Go, popped by thread_of. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
	__type(value, __u32);
} gil_free SEC(".maps");

/* From thread to thread: switches and waits. Written by signalled and waited under the GIL's mutex; Go deletes those of ended threads after reading. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct gil_pair);
	__type(value, struct gil_pair_count);
} gil_pairs SEC(".maps");

/* What made others wait, by thread and stack. Written by waited and signalled under the GIL's mutex; Go deletes those of ended threads after reading. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct blame_key);
	__type(value, struct blame_count);
} blame SEC(".maps");

/* Hash of the frames -> stack, stored once. Written by waited; deleted by Go once read: it keeps what the frames are called. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct blame_stack);
} blame_stacks SEC(".maps");

/* Index as of gil_processes -> its world. Made and cleared by Go, written by parked, unparked and exited. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct world);
} worlds SEC(".maps");

/* Who stopped a world -> how often and for how long. Written by the thread that felt the pause last; deleted by Go with the process. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct stopper_key);
	__type(value, struct stopper_count);
} stoppers SEC(".maps");
