/* What a launch is and was, for people. */
#include <stdio.h>
#include <string.h>

#include "runtime/launch_int.h"

static uint64_t between(uint64_t from, uint64_t to) { return from != 0 && to > from ? to - from : 0; }

void gh_launch_state(struct gh_launch *l, struct gh_launch_state *out)
{
	*out = (struct gh_launch_state){ .landlock = l->jail.landlock,
					 .layers = gh_launch_layers(l),
					 .cgroup_memory = l->jail.cgroup_memory,
					 .cgroup_pids = l->jail.cgroup_pids,
					 .cgroup_cpu = l->jail.cgroup_cpu,
					 .pid = l->ended ? 0 : l->jail.init,
					 .stub = l->ended ? 0 : l->jail.pid,
					 .attempts = l->guard.attempts,
					 .us_launch = between(l->t_open, l->t_hello),
					 .us_evidence = between(l->t_hello, l->t_evidence),
					 .us_decrypt = between(l->t_keys, l->t_loaded),
					 .us_ready = between(l->t_loaded, l->t_ready) };
	if (!l->ended)
		gh_jail_usage(&l->jail, &out->memory, &out->cpu_us);
}

char *gh_launch_end_line(const struct gh_launch_event *e, char *buf, size_t cap)
{
	switch (e->end) {
	case GH_END_EXIT: (void)snprintf(buf, cap, "the engine ended with status %d", e->code); break;
	case GH_END_SIGNAL: (void)snprintf(buf, cap, "the engine was ended by signal %d", e->code); break;
	case GH_END_MEMORY: (void)snprintf(buf, cap, "it needed more memory than it may have"); break;
	case GH_END_KILLED: (void)snprintf(buf, cap, "the sandbox was killed"); break;
	case GH_END_STOPPED: (void)snprintf(buf, cap, "stopped"); break;
	case GH_END_TIME: (void)snprintf(buf, cap, "the engine did not answer in time"); break;
	case GH_END_FAILED: {
		const char *check = gh_stub_why_check(e->why);
		if (strcmp(check, "segment") == 0)
			(void)snprintf(buf, cap, "%s: segment %llu of file %u: %s", check,
				       (unsigned long long)e->segment, e->file, gh_stub_why_text(e->why));
		else if (e->code != 0)
			(void)snprintf(buf, cap, "%s: %s (%s)", check, gh_stub_why_text(e->why), strerror(e->code));
		else
			(void)snprintf(buf, cap, "%s: %s", check, gh_stub_why_text(e->why));
		break;
	}
	}
	return buf;
}
