/* launch_int.h - a launch from inside: shared by launch*.c. */
#ifndef GH_RUNTIME_LAUNCH_INT_H
#define GH_RUNTIME_LAUNCH_INT_H
#include "runtime/guard.h"
#include "runtime/image_int.h"
#include "runtime/launch.h"
#include "runtime/vm/bridge.h"
#include "runtime/vm/machine.h"

enum {
	GH_LAUNCH_LOG_BURST = 256 << 10, /* bytes of output at once, and for each second */
	GH_LAUNCH_LOG_BLOCK = 4096,
};

enum gh_launch_at { /* what the stub may say next */
		    GH_AT_START,
		    GH_AT_HELLO,
		    GH_AT_PROVED, /* keys are awaited */
		    GH_AT_KEYS,
		    GH_AT_LOADED,
		    GH_AT_STARTED,
		    GH_AT_OVER, /* it has said why */
};

struct gh_launch {
	struct gh_launch_spec spec;
	struct gh_stub_file *file; /* copies of spec.file[].file */
	char socket_path[512], dir[400];
	int dir_fd;
	struct gh_jailed jail;
	struct gh_guard guard;
	int talk; /* to the stub */
	/* A machine: what stands between us and the stub in it, and what that prints. */
	struct gh_bridge *bridge;
	int inner_log;
	enum gh_launch_at at;
	bool ready, ended, stopping;
	struct gh_launch_event end; /* what will be said when the isolation is gone */
	bool have_end;
	uint8_t evidence[GH_SOFTWARE_SIZE];
	struct gh_stub_bind bind;
	/* readiness */
	int probe;
	unsigned probe_sent, probe_got, probe_pause;
	uint64_t probe_next; /* µs; 0: now */
	char probe_text[16];
	/* time, µs */
	uint64_t t_open, t_hello, t_evidence, t_keys, t_loaded, t_ready, kill_at, ready_by;
	/* log */
	uint8_t log[GH_LAUNCH_LOG_BLOCK];
	uint64_t log_room, log_since;
};

uint64_t gh_launch_now(void); /* µs, monotonic */
/* The jail for this launch: built, stopped before the stub. */
enum gh_rc gh_launch_jail(struct gh_launch *l, int inner, struct gh_err *err);
/* The same with a machine in it. */
/* Is the path one of those that QEMU has to open? ctx: struct gh_vm_image. */
bool gh_launch_vm_ours(const void *ctx, const char *path);
enum gh_rc gh_launch_vm(struct gh_launch *l, int inner, struct gh_err *err);
/* Evidence for what the stub said. False: *why. */
bool gh_launch_evidence(struct gh_launch *l, const struct gh_stub_prove *p);
/* Say to the stub what it is for. False: it is gone, or does not listen. */
bool gh_launch_tell(struct gh_launch *l, int listening);
/* The listening socket (INHERIT); -1: *err. */
int gh_launch_listen(struct gh_launch *l, struct gh_err *err);
void gh_launch_unlink(struct gh_launch *l);
/* One step of asking the engine whether it serves; true once it does. */
bool gh_launch_probe(struct gh_launch *l);
uint32_t gh_launch_layers(const struct gh_launch *l);
#endif
