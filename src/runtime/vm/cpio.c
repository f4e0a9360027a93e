#include "runtime/vm/cpio.h"

#include <string.h>

enum { DIR = 0040000, FILE_ = 0100000, LINK = 0120000, CHR = 0020000, NAME_MAX_ = 512 };

static bool name_ok(const char *name)
{
	size_t n = strlen(name);
	if (n == 0 || n > NAME_MAX_ || name[0] == '/' || name[n - 1] == '/')
		return false;
	for (const char *p = name; *p != '\0';) {
		size_t part = strcspn(p, "/");
		if (part == 0 || (part == 1 && p[0] == '.') || (part == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += part + (p[part] == '/');
	}
	return true;
}

static void pad(struct gh_buf *b)
{
	static const uint8_t zero[4] = { 0 };
	gh_buf_put(b, zero, (4 - b->n % 4) % 4);
}

struct device {
	unsigned major, minor;
};

static void entry(struct gh_cpio *c, const char *name, unsigned mode, struct gh_span content, struct device dev)
{
	if (content.n > UINT32_MAX) { /* the form has 32 bits for it */
		c->bad = true;
		return;
	}
	const uint32_t links = (mode & 0170000) == DIR ? 2 : 1;
	const uint32_t field[] = { c->inode++,
				   mode,
				   0,
				   0,
				   links,
				   0,
				   (uint32_t)content.n,
				   0,
				   0,
				   dev.major,
				   dev.minor,
				   (uint32_t)strlen(name) + 1,
				   0 };
	gh_buf_str(c->out, "070701");
	for (size_t i = 0; i < sizeof field / sizeof *field; i++)
		gh_buf_fmt(c->out, "%08x", field[i]);
	gh_buf_put(c->out, name, strlen(name) + 1);
	pad(c->out);
	gh_buf_put(c->out, content.p, content.n);
	pad(c->out);
}

static void put(struct gh_cpio *c, const char *name, unsigned mode, struct gh_span content, struct device dev)
{
	if (!name_ok(name))
		c->bad = true;
	else
		entry(c, name, mode, content, dev);
}

void gh_cpio_dir(struct gh_cpio *c, const char *name)
{
	put(c, name, DIR | 0755, (struct gh_span){ 0 }, (struct device){ 0 });
}

void gh_cpio_file(struct gh_cpio *c, const char *name, struct gh_span content, unsigned mode)
{
	put(c, name, FILE_ | (mode & 07777), content, (struct device){ 0 });
}

void gh_cpio_link(struct gh_cpio *c, const char *name, const char *target)
{
	put(c, name, LINK | 0777, gh_span_str(target), (struct device){ 0 });
}

void gh_cpio_device(struct gh_cpio *c, const char *name, unsigned major, unsigned minor, unsigned mode)
{
	put(c, name, CHR | (mode & 07777), (struct gh_span){ 0 }, (struct device){ major, minor });
}

static bool is_made(struct gh_buf *made, const char *dir, size_t n)
{
	const char *p = gh_buf_cstr(made);
	for (const char *end; (end = strchr(p, '\n')) != NULL; p = end + 1)
		if ((size_t)(end - p) == n && memcmp(p, dir, n) == 0)
			return true;
	return false;
}

void gh_cpio_above(struct gh_cpio *c, struct gh_buf *made, const char *name)
{
	char dir[NAME_MAX_ + 1];
	for (const char *p = name; (p = strchr(p, '/')) != NULL; p++) {
		const size_t n = (size_t)(p - name);
		if (n == 0 || n >= sizeof dir || is_made(made, name, n)) {
			c->bad = c->bad || n == 0 || n >= sizeof dir;
			continue;
		}
		memcpy(dir, name, n);
		dir[n] = '\0';
		gh_cpio_dir(c, dir);
		gh_buf_fmt(made, "%s\n", dir);
	}
}

bool gh_cpio_end(struct gh_cpio *c)
{
	if (!c->bad)
		entry(c, "TRAILER!!!", 0, (struct gh_span){ 0 }, (struct device){ 0 });
	return !c->bad && !c->out->full;
}
