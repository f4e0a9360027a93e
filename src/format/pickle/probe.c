/* probe.c - is this a pickle at all? Ordinary text begins like one surprisingly often ("c", "I", "(" are opcodes), so
 * the machine is run, silently, until it calls something, stops or breaks. */
#include "format/pickle/machine.h"

static enum gh_rc no_event(struct gh_sink *s, const struct gh_event *e)
{
	(void)s;
	(void)e;
	return GH_OK;
}

static struct gh_spool *no_spool(struct gh_sink *s, uint64_t packed)
{
	(void)s;
	(void)packed;
	return NULL;
}

static const struct gh_sink_ops silent = { .event = no_event, .spool_open = no_spool };

struct pkl_peek pkl_peek(struct gh_src *src, uint64_t off, uint64_t steps, size_t memory)
{
	struct pkl_peek out = { .off = off };
	gh_auto_arena arena = { .max = memory };
	struct gh_sink sink = { &silent };
	struct gh_heap heap = { .arena = &arena, .src = src };
	struct gh_walk w = { .src = src, .arena = &arena, .sink = &sink, .lim = &gh_limits_default };
	unsigned dialect = PKL_ARRAYS;
	for (int i = 0; i < 2; i++) {
		struct pkl_shared sh = { .steps = steps };
		struct pkl m;
		pkl_start(&m, &w, off, &arena, &heap, &sh, dialect);
		m.mute = m.until_call = true;
		pkl_loop(&m);
		uint64_t at = m.stop ? pkl_off(&m) : m.op_off;
		out.calls += m.out.calls;
		out.imports += m.out.imports;
		out.stdlib = out.stdlib || m.imports_stdlib;
		if (m.nop > out.opcodes)
			out.opcodes = m.nop;
		out.stop = out.stop || (m.stop && m.out.calls == 0);
		out.truncated = out.truncated || m.at_end || m.rc == GH_E_LIMIT;
		if (at > out.off)
			out.off = at;
		if (out.calls != 0 || (m.part[PKL_PART_PY].op == 0 && m.part[PKL_PART_LAX].op == 0))
			break;
		dialect |= (m.part[PKL_PART_PY].op != 0 ? PKL_PY : 0) | (m.part[PKL_PART_LAX].op != 0 ? PKL_LAX : 0);
	}
	return out;
}

enum { ENOUGH = 32 }; /* opcodes up to the end of what is seen: text does not come this far */

enum gh_match gh_pickle_probe(struct gh_span head, uint64_t size)
{
	if (head.n < 2)
		return GH_NO;
	if (head.p[0] == 0x80)
		return head.p[1] <= 5 ? GH_STRONG : GH_NO;
	if (pkl_ops[head.p[0]].run == NULL)
		return GH_NO;
	struct gh_src_mem mem;
	struct pkl_peek p = pkl_peek(gh_src_mem(&mem, head), 0, 4 * (uint64_t)GH_PROBE_BYTES, (size_t)4 << 20);
	if (p.calls != 0)
		return GH_STRONG;
	if (p.stop)
		return p.off == size ? GH_STRONG : GH_WEAK;
	if (p.truncated && size > head.n)
		return p.opcodes >= ENOUGH ? GH_STRONG : GH_WEAK;
	return p.imports != 0 ? GH_WEAK : GH_NO;
}
