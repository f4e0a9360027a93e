/* path.h - names of archive members, judged and compared the way the extractors of this world would read them.
 * Pure lexical work: nothing is looked up. Shared by every container reader (zip, tar, 7z, …). */
#ifndef GH_WIRE_PATH_H
#define GH_WIRE_PATH_H
#include "base/span.h"

/* What is odd about a name; a set of bits. The order is the order of the rows in format/path_rules.h. */
enum gh_path_flag {
	GH_PATH_ESCAPES = 1 << 0,   /* `..` components, with either separator, lead out of the root */
	GH_PATH_ABSOLUTE = 1 << 1,  /* starts with a separator (either one) */
	GH_PATH_DRIVE = 1 << 2,	    /* C:… */
	GH_PATH_NUL = 1 << 3,	    /* readers that use C strings see a shorter name */
	GH_PATH_DOTDOT = 1 << 4,    /* a `..` that stays inside */
	GH_PATH_BACKSLASH = 1 << 5, /* a separator on Windows, a letter elsewhere */
	GH_PATH_CONTROL = 1 << 6,   /* control characters */
	GH_PATH_DECEPTIVE = 1 << 7, /* bidi overrides, zero-width and similar characters */
	GH_PATH_RESERVED =
		1 << 8, /* a Windows device (CON, NUL, COM1 …), an alternate stream (a:b), a trailing dot or blank */
	GH_PATH_EMPTY = 1 << 9,	    /* no component at all */
	GH_PATH_LONG = 1 << 10,	    /* above 4096 bytes, or a component above 255 */
	GH_PATH_NOT_UTF8 = 1 << 11, /* not valid UTF-8: some legacy code page */
	GH_PATH_DOT = 1 << 12,	    /* `.` components or doubled separators: same file, other spelling */
	GH_PATH_FLAGS = 13,	    /* number of bits */
};
unsigned gh_path_flags(struct gh_span name);

/* Total order of names as paths: both separators are equal, `.` and empty components do not count, a trailing
 * separator neither; fold: ASCII letters without case. A path comes directly before everything below it. */
int gh_path_cmp(struct gh_span a, struct gh_span b, bool fold);
/* Is `path` strictly below `dir`? Folded, as on file systems without case. */
bool gh_path_below(struct gh_span dir, struct gh_span path);

/* Does a link with this target, stored as member `from`, lead out of the archive's root (absolute, drive, `..`)?
 * A hard link's target counts from the root: pass an empty `from`. */
bool gh_path_link_escapes(struct gh_span from, struct gh_span target);
#endif
