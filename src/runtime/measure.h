/* measure.h - what is going to run, as one digest.
 *
 * The list is text: a line for each part, parts in this order, those of one kind sorted by name:
 *
 *	gatehouse measurement v1
 *	stub SHA256 SIZE gatehouse-stub
 *	engine SHA256 SIZE /engine/gatehouse-engine
 *	library SHA256 SIZE /lib/x86_64-linux-gnu/libc.so.6
 *	tree SHA256 SIZE /usr/lib/python3		(all files of a directory that is shown inside)
 *	seccomp SHA256 SIZE stub | engine		(the filters, as the kernel gets them)
 *	config SHA256 SIZE llama			(the engine's profile: command line, environment, mounts)
 *
 * Names are those inside. The measurement is the SHA-256 of this text. Sizes and numbers of one deployment (memory, threads)
 * are no part of it. Everything is digested while it is read once, and what was digested is what is executed: files of kinds
 * stub, engine and library are run from private copies of the very bytes. Trees are shown from where they lie, and are
 * compared again while the engine runs. */
#ifndef GH_RUNTIME_MEASURE_H
#define GH_RUNTIME_MEASURE_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum gh_part_kind {
	GH_PART_STUB,
	GH_PART_ENGINE,
	GH_PART_LIBRARY,
	GH_PART_TREE,
	GH_PART_SECCOMP,
	GH_PART_CONFIG,
	GH_PART_KERNEL, /* these four: machines only, see vm/machine.h */
	GH_PART_DRIVER,
	GH_PART_MACHINE,
	GH_PART_BOOT,
	GH_PART_KINDS
};
const char *gh_part_word(enum gh_part_kind k); /* "library" */

enum { GH_PARTS = 512, GH_PART_NAME = 256 };

struct gh_part {
	enum gh_part_kind kind;
	const char *name; /* printable, without spaces or line ends */
	uint8_t sha256[32];
	uint64_t size;
};

struct gh_measurement {
	const struct gh_part *part; /* in the order of the list */
	size_t nparts;
	uint8_t digest[32];
};

/* Sort and digest. Copies of names and parts lie in the arena. GH_E_LIMIT: too many; GH_E_MALFORMED: two parts of one name, or
 * a name that cannot be in a line; GH_E_NOMEM. */
enum gh_rc gh_measure(struct gh_arena *a, const struct gh_part *part, size_t n, struct gh_measurement *out,
		      struct gh_err *err);
/* The list as text. */
void gh_measure_text(const struct gh_measurement *m, struct gh_buf *out);
/* Say what differs, for a person: "library /lib/libfoo.so is another one". False: nothing does. */
bool gh_measure_differ(const struct gh_measurement *want, const struct gh_measurement *have, struct gh_buf *why);
#endif
