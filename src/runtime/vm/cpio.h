/* cpio.h - writing an initramfs: a cpio archive of the form "newc" (Linux: Documentation/driver-api/early-userspace/buffer-format),
 * the same bytes for the same content: no times, no owners but root, inode numbers in order.
 *
 *	struct gh_cpio c = gh_cpio(&buf);
 *	gh_cpio_dir(&c, "dev");
 *	gh_cpio_file(&c, "init", program, 0755);
 *	if (!gh_cpio_end(&c)) … the buffer is full, or a name was wrong
 *
 * Errors stick: check once, at the end. Pure. */
#ifndef GH_RUNTIME_VM_CPIO_H
#define GH_RUNTIME_VM_CPIO_H
#include "base/buf.h"
#include "base/span.h"

struct gh_cpio {
	struct gh_buf *out; /* with a limit of its own */
	uint32_t inode;
	bool bad;
};

static inline struct gh_cpio gh_cpio(struct gh_buf *out) { return (struct gh_cpio){ .out = out }; }
/* Names are relative, without empty or dotted parts. Directories above have to be written before. mode: permission bits. */
void gh_cpio_dir(struct gh_cpio *c, const char *name);
void gh_cpio_file(struct gh_cpio *c, const char *name, struct gh_span content, unsigned mode);
void gh_cpio_link(struct gh_cpio *c, const char *name, const char *target);
/* Character device. */
void gh_cpio_device(struct gh_cpio *c, const char *name, unsigned major, unsigned minor, unsigned mode);
/* The directories above `name` that are not written yet: `made` keeps them between calls ('\n' behind each), with its own limit. */
void gh_cpio_above(struct gh_cpio *c, struct gh_buf *made, const char *name);
bool gh_cpio_end(struct gh_cpio *c);
#endif
