//go:build ignore

/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The one translation unit. */
#include "headers/kernel.h"
#include "headers/bpf_helpers.h"

#include "types.h"
#include "maps.h"
#include "registers.h"
#include "python.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#include "processes.bpf.c"
#include "calls.bpf.c"
#include "gil.bpf.c"
#include "freethreaded.bpf.c"

/* Types that Go needs and that no map or variable mentions: this makes them reach BTF. */
const struct name *go_name __attribute__((unused));
const enum cookie_flags *go_cookie_flags __attribute__((unused));
const enum cookie_shifts *go_cookie_shifts __attribute__((unused));
const enum call_flags *go_call_flags __attribute__((unused));
const enum text_sizes *go_text_sizes __attribute__((unused));
const enum loss *go_loss __attribute__((unused));
const enum process_flags *go_process_flags __attribute__((unused));
const enum missed_what *go_missed_what __attribute__((unused));
const struct event *go_event __attribute__((unused));
const enum gil_sizes *go_gil_sizes __attribute__((unused));
const enum gil_kind *go_gil_kind __attribute__((unused));
const enum gil_phase *go_gil_phase __attribute__((unused));
const enum gil_cookie *go_gil_cookie __attribute__((unused));
const struct gil_frame *go_gil_frame __attribute__((unused));
const enum park_kind *go_park_kind __attribute__((unused));
const enum park_sizes *go_park_sizes __attribute__((unused));
