/* zip_walk.h - reading a zip archive once, for the zip format itself and for every format that is a zip with rules
 * of its own (PyTorch, npz, Keras, …). PKWARE APPNOTE.TXT 6.3.10 names the records.
 *
 * A zip holds two descriptions of its content: the central directory at the end, which most loaders use, and the
 * local headers in front of each member, which streaming readers use. The walk reads both, reports every
 * disagreement, and emits the content of both when they differ: the directory's view as GH_MEMBER_FILE, what only
 * the other view shows as GH_MEMBER_HIDDEN. CRC-32 and sizes of each member are verified.
 *
 * A refinement calls gh_zip_walk() from its own walk with hooks. Order of the calls:
 *
 *	directory(all entries)			once, before any event was emitted
 *	for each member, in file order:
 *		member(e, m)			just before the member event: set m->role, m->raw, m->expect
 *		(the member event goes to the sink, which inspects it)
 *		content(e, src)			its bytes, stored or expanded
 *	done()					once, when everything was read without GH_E_LIMIT or GH_E_NOMEM
 *
 * Its probe can be gh_zip_probe(): whether the archive is of its kind is then decided in directory(), which may
 * answer GH_E_NOTTHIS. The anomalies are rows of gh_zip_rules, owned by the format "zip"; a refinement lists only
 * its own rows. */
#ifndef GH_FORMAT_ZIP_WALK_H
#define GH_FORMAT_ZIP_WALK_H
#include "format/format.h"

enum { GH_ZIP_STORE = 0, GH_ZIP_DEFLATE = 8 }; /* values of `method` that need a name outside this reader */

struct gh_zip_entry {
	struct gh_span name; /* as stored, any bytes; lives in w->arena */
	uint64_t local_off;  /* of the local header in the source */
	uint64_t data_off;   /* of the first data byte in the source; 0 in directory(), known from member() on */
	uint64_t csize;	     /* bytes of data in the archive */
	uint64_t usize;	     /* bytes the member claims to have when expanded */
	uint32_t crc;	     /* claimed, of the expanded bytes */
	uint32_t external;   /* external attributes: Unix mode << 16 | DOS attributes */
	uint16_t method;     /* 0: STORE, 8: deflate, … */
	uint16_t flags;	     /* general purpose bits: 0 encrypted, 3 data descriptor, 11 UTF-8 */
	uint16_t made_by;    /* version made by: host system << 8 | version */
	bool directory;	     /* the name ends in a slash */
	bool hidden;	     /* only in the local headers, not in the directory() array; or the local view of an entry
			      * that is there but differs */
};

/* Every function may be NULL. ctx is handed back. */
struct gh_zip_hooks {
	void *ctx;
	/* All n entries of the central directory, sorted by local_off: the order in which members come. e lives in
	 * w->arena as long as the walk. Return GH_OK to go on; GH_E_NOTTHIS when this is no archive of the refined
	 * kind (the walk returns it, nothing was emitted); any other code ends the walk with it. Emit nothing here. */
	enum gh_rc (*directory)(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n);
	/* e is one of the array, or a hidden one (alive during the call only). Directories without data have no calls. */
	void (*member)(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_member *m);
	/* After the member event. src is alive during the call and holds what could be expanded, which may be less
	 * than e->usize. For a STOREd member src is the range [e->data_off, e->data_off + e->csize) of w->src: prefer
	 * reading, and emitting tensors, through src, because bytes that pass through it are check-summed on the
	 * way and the file is then read once. Not called for members that cannot be read (encrypted, unknown
	 * method). Events may be emitted; GH_E_LIMIT and GH_E_NOMEM end the walk, other codes are ignored. */
	enum gh_rc (*content)(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_src *src);
	/* Last call, for what can only be said when all members were seen. Its code becomes the walk's when the walk
	 * itself had nothing to complain of. */
	enum gh_rc (*done)(void *ctx, struct gh_walk *w);
};

/* Read the archive in w->src. hooks may be NULL. Claims and emits everything.
 * GH_OK: read; GH_E_MALFORMED: no central directory, or it breaks off (what the local headers show was emitted);
 * GH_E_UNREAD: some member is encrypted or uses an unsupported method (an anomaly says which);
 * GH_E_LIMIT, GH_E_NOMEM: a budget ran out; GH_E_NOTTHIS: from directory(). */
enum gh_rc gh_zip_walk(struct gh_walk *w, const struct gh_zip_hooks *hooks);
/* The same for an archive that another format carries at its end by design: the bytes below `prefix` are of that format,
 * claimed by its reader, and not a preamble. */
enum gh_rc gh_zip_walk_after(struct gh_walk *w, uint64_t prefix, const struct gh_zip_hooks *hooks);

/* GH_STRONG when some zip reader would open it: a local header or an empty archive at the start, or an end record in
 * the tail whose directory is where it should be (self-extracting archives, polyglots). GH_WEAK when that directory
 * is not among the bytes a probe sees: the walk looks, and answers GH_E_NOTTHIS if it is not there. */
enum gh_match gh_zip_probe(const struct gh_probe *p);

extern const struct gh_rule gh_zip_rules[];
#endif
