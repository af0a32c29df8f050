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

#include "process.bpf.c"
#include "calls.bpf.c"
#include "gil.bpf.c"
#include "parking.bpf.c"
