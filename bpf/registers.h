/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Registers and branch conditions of the probed instruction. Each read is inline assembly: clang otherwise merges them into a
 * context access with a variable offset, which the verifier refuses. */
#pragma once

#define READ_REGISTER(offset) ({ __u64 v_; asm volatile("%0 = *(u64 *)(%1 + " #offset ")" : "=r"(v_) : "r"(ctx)); v_; })

#if defined(__TARGET_ARCH_x86)

/* Numbers are x86's own encoding: rax rcx rdx rbx rsp rbp rsi rdi r8..r15. */
static __always_inline __u64 read_register(struct pt_regs *ctx, __u32 number)
{
	if (number & 8) {
		if (number & 4) {
			if (number & 2)
				return number & 1 ? READ_REGISTER(0) : READ_REGISTER(8);
			return number & 1 ? READ_REGISTER(16) : READ_REGISTER(24);
		}
		if (number & 2)
			return number & 1 ? READ_REGISTER(48) : READ_REGISTER(56);
		return number & 1 ? READ_REGISTER(64) : READ_REGISTER(72);
	}
	if (number & 4) {
		if (number & 2)
			return number & 1 ? READ_REGISTER(112) : READ_REGISTER(104);
		return number & 1 ? READ_REGISTER(32) : READ_REGISTER(152);
	}
	if (number & 2)
		return number & 1 ? READ_REGISTER(40) : READ_REGISTER(96);
	return number & 1 ? READ_REGISTER(88) : READ_REGISTER(80);
}

static __always_inline __u64 stack_pointer(struct pt_regs *ctx)
{
	return ctx->rsp;
}

static __always_inline __u64 first_argument(struct pt_regs *ctx)
{
	return ctx->rdi;
}

/* Is the conditional branch under this site going to be taken? condition is the low 4 bits of its opcode. */
static __always_inline int branch_taken(struct pt_regs *ctx, __u32 condition)
{
	__u64 flags = ctx->eflags;
	__u32 carry = flags & 1, parity = flags >> 2 & 1, zero = flags >> 6 & 1, sign = flags >> 7 & 1, overflow = flags >> 11 & 1, taken;

	switch (condition >> 1 & 7) {
	case 0: taken = overflow; break;
	case 1: taken = carry; break;
	case 2: taken = zero; break;
	case 3: taken = carry | zero; break;
	case 4: taken = sign; break;
	case 5: taken = parity; break;
	case 6: taken = sign ^ overflow; break;
	default: taken = zero | (sign ^ overflow); break;
	}
	return taken != (condition & 1);
}

#elif defined(__TARGET_ARCH_arm64)

#define ARM_REGISTER(n, offset) if (number == n) return READ_REGISTER(offset)

static __always_inline __u64 read_register(struct pt_regs *ctx, __u32 number)
{
	ARM_REGISTER(0, 0); ARM_REGISTER(1, 8); ARM_REGISTER(2, 16); ARM_REGISTER(3, 24);
	ARM_REGISTER(4, 32); ARM_REGISTER(5, 40); ARM_REGISTER(6, 48); ARM_REGISTER(7, 56);
	ARM_REGISTER(8, 64); ARM_REGISTER(9, 72); ARM_REGISTER(10, 80); ARM_REGISTER(11, 88);
	ARM_REGISTER(12, 96); ARM_REGISTER(13, 104); ARM_REGISTER(14, 112); ARM_REGISTER(15, 120);
	ARM_REGISTER(16, 128); ARM_REGISTER(17, 136); ARM_REGISTER(18, 144); ARM_REGISTER(19, 152);
	ARM_REGISTER(20, 160); ARM_REGISTER(21, 168); ARM_REGISTER(22, 176); ARM_REGISTER(23, 184);
	ARM_REGISTER(24, 192); ARM_REGISTER(25, 200); ARM_REGISTER(26, 208); ARM_REGISTER(27, 216);
	ARM_REGISTER(28, 224); ARM_REGISTER(29, 232); ARM_REGISTER(30, 240);
	return 0;
}

static __always_inline __u64 stack_pointer(struct pt_regs *ctx)
{
	return ctx->sp;
}

static __always_inline __u64 first_argument(struct pt_regs *ctx)
{
	return ctx->regs[0];
}

/* condition is the low 4 bits of B.cond. */
static __always_inline int branch_taken(struct pt_regs *ctx, __u32 condition)
{
	__u64 flags = ctx->pstate;
	__u32 negative = flags >> 31 & 1, zero = flags >> 30 & 1, carry = flags >> 29 & 1, overflow = flags >> 28 & 1, taken;

	switch (condition >> 1 & 7) {
	case 0: taken = zero; break;
	case 1: taken = carry; break;
	case 2: taken = negative; break;
	case 3: taken = overflow; break;
	case 4: taken = carry & !zero; break;
	case 5: taken = negative == overflow; break;
	case 6: taken = (negative == overflow) & !zero; break;
	default: return 1;
	}
	return taken != (condition & 1);
}

#endif
