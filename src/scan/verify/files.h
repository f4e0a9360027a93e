/* files.h - the files of a model, as signatures see them: what lies below a path, what of it counts, and its digests.
 *
 * Every file is opened below the model's directory without following links (unless they are allowed), read once, in order, and
 * must be the same when it was read as when it was opened. Nothing is parsed. */
#ifndef GH_SCAN_VERIFY_FILES_H
#define GH_SCAN_VERIFY_FILES_H
#include "crypto/oms/model.h"
#include "os/tree.h"

#include <sys/stat.h>

enum gh_mstate {
	GH_M_FILE,	/* counts */
	GH_M_DEFAULT,	/* left out always: version control at the top, the signature file */
	GH_M_CHOSEN,	/* left out by whoever runs us (--ignore) */
	GH_M_LINK,	/* a link, and links are not allowed, or it leads out of the model */
	GH_M_SPECIAL,	/* no file, no directory */
	GH_M_BAD_NAME,	/* cannot be named in a signature: `why` */
	GH_M_UNREADABLE /* sys: errno */
};
struct gh_mfile {
	const char *path, *name; /* openable; below the model, "." when the model is one file */
	enum gh_mstate state;
	uint64_t size;
	const char *why;
	int sys;
	bool link;
};
struct gh_mfiles {
	struct gh_os_tree tree;
	struct gh_mfile *v;
	size_t n;
	bool alone;
	int dir;	/* of the model; -1 when it is one file */
	char base[256]; /* last part of the path: what the model is called */
};

struct gh_mopt {
	bool allow_links;
	const char *const *ignore; /* names below the model; a directory with all that is in it */
	size_t nignore;
	const char *signature; /* a file that does not count, wherever it lies; NULL: none */
};

/* List them, sorted by name. GH_E_IO: the path cannot be read. */
enum gh_rc gh_mfiles_list(const char *path, const struct gh_mopt *opt, struct gh_mfiles *out, struct gh_err *err);
void gh_mfiles_free(struct gh_mfiles *f);
/* Is `name` the path `of`, or below it? */
bool gh_mfiles_below(const char *name, struct gh_span of);
/* What version control keeps at the top of a model, up to NULL: left out of signatures unless it was signed (OpenSSF Model
 * Signing, default of the ignored paths). And: is `name` one of these, or below one? */
extern const char *const gh_mfiles_default[];
bool gh_mfiles_is_default(const char *name);

/* A digest of a part of a file. */
struct gh_mpart {
	uint64_t start, end;
	uint8_t digest[GH_MD_MAX];
};
/* Read the file and call `on` for each part of at most `piece` bytes (0: the whole file is one part, an empty one too; with a
 * piece size an empty file has no parts). GH_E_IO, with GH_E_DENIED when it changed meanwhile; what `on` returns if not GH_OK.
 * tick: bytes read so far of this file; may be NULL. */
enum gh_rc gh_mfile_digest(const struct gh_mfiles *f, const struct gh_mfile *m, enum gh_md md, uint64_t piece,
			   enum gh_rc (*on)(void *arg, const struct gh_mpart *p),
			   void (*tick)(void *arg, uint64_t bytes), void *arg, struct gh_err *err);

/* All digests of one plain file at once (SHA-2 with 256, 384, 512 bits, BLAKE2b), by enum gh_md. */
enum gh_rc gh_mfile_all(const char *path, uint8_t out[4][GH_MD_MAX], uint64_t *size, struct gh_err *err);
#endif
