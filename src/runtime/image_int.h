/* image_int.h - what an engine's image holds: for image*.c and launch*.c. */
#ifndef GH_RUNTIME_IMAGE_INT_H
#define GH_RUNTIME_IMAGE_INT_H
#include "os/jail.h"
#include "os/jail_filter.h"
#include "runtime/engines.h"

struct gh_image_file {
	enum gh_part_kind kind;
	const char *host, *inside;
	uint8_t *bytes; /* of a tree: NULL */
	size_t n;
	uint64_t dev, ino; /* of a tree */
	uint8_t sha256[32];
	uint64_t size;
};

struct gh_engine_image {
	const struct gh_engine_profile *profile;
	struct gh_arena arena;
	struct gh_image_file *file; /* GH_ENGINE_FILES */
	size_t nfile;
	char stub_path[400];
	int stub; /* sealed memory with the stub, executable */
	uint8_t stub_sha256[32];
	uint64_t stub_size, total;
	struct sock_filter ins[GH_JAIL_FILTER_MAX];
	struct sock_fprog filter;
	struct gh_measurement measured;
};

/* Sealed memory that can be executed: nobody changes it any more, whatever happens to the file. -1: errno. */
int gh_image_sealed(const char *name, const uint8_t *bytes, size_t n);
/* Is a file of this path inside there already? */
bool gh_image_has(const struct gh_engine_image *i, const char *inside);
/* Read it once; GH_E_ABSENT when it is not there. */
enum gh_rc gh_image_add(struct gh_engine_image *i, enum gh_part_kind kind, const char *host, const char *inside,
			struct gh_err *err);
/* What the files that are there want loaded, and what these want. */
enum gh_rc gh_image_needs(struct gh_engine_image *i, struct gh_span stub, struct gh_err *err);
/* Digest over all files below a directory, and the sum of their sizes. */
enum gh_rc gh_image_tree(const char *host, uint8_t sha256[32], uint64_t *size, struct gh_err *err);
/* A file as a whole, in memory from malloc(). */
enum gh_rc gh_image_read(const char *host, uint8_t **bytes, size_t *n, struct gh_err *err);
#endif
