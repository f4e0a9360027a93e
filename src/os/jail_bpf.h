/* jail_bpf.h - writing seccomp filters by hand: they are data that is measured, so no library decides about their form. Private to
 * jail_filter.c and jail_serve.c. */
#ifndef GH_OS_JAIL_BPF_H
#define GH_OS_JAIL_BPF_H
#include "os/jail_filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define GH_BPF_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define GH_BPF_ARCH AUDIT_ARCH_AARCH64
#else
#error "jails know the system calls of x86-64 and arm64"
#endif
#define GH_BPF_X32 0x40000000u

struct gh_bpf {
	struct sock_filter *ins; /* room for GH_JAIL_FILTER_MAX */
	size_t n;
	bool full;
};

static inline void gh_bpf_put(struct gh_bpf *w, uint16_t code, uint32_t k, unsigned jt, unsigned jf)
{
	if (w->n >= GH_JAIL_FILTER_MAX || jt > 255 || jf > 255) {
		w->full = true;
		return;
	}
	w->ins[w->n++] = (struct sock_filter){ code, (uint8_t)jt, (uint8_t)jf, k };
}

static inline void gh_bpf_load(struct gh_bpf *w, size_t off)
{
	gh_bpf_put(w, BPF_LD | BPF_W | BPF_ABS, (uint32_t)off, 0, 0);
}
static inline void gh_bpf_answer(struct gh_bpf *w, uint32_t action) { gh_bpf_put(w, BPF_RET | BPF_K, action, 0, 0); }
static inline void gh_bpf_answer_if(struct gh_bpf *w, uint32_t value, uint32_t action)
{
	gh_bpf_put(w, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	gh_bpf_answer(w, action);
}

/* Where the lower half of an argument lies; the upper one is 4 bytes further. */
static inline size_t gh_bpf_arg(unsigned i) { return offsetof(struct seccomp_data, args) + 8 * (size_t)i; }
#endif
