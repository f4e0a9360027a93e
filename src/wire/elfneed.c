#include "wire/elfneed.h"

enum {
	EHDR = 64,
	PHDR = 56,
	PHDRS = 128,
	DYN = 16,
	DYNS = 4096,
	PT_LOAD = 1,
	PT_DYNAMIC = 2,
	PT_INTERP = 3,
	DT_NULL = 0,
	DT_NEEDED = 1,
	DT_STRTAB = 5,
	DT_STRSZ = 10,
	DT_RPATH = 15,
	DT_RUNPATH = 29,
};

struct elf {
	struct gh_span s;
	const uint8_t *ph;
	unsigned nph;
};

/* The n bytes at off; p == NULL: they are not all there. */
static struct gh_span piece(struct gh_span s, uint64_t off, uint64_t n)
{
	struct gh_span got = gh_span_cut(s, off, n);
	return n != 0 && got.n == n ? got : (struct gh_span){ 0 };
}

static bool open_elf(struct gh_span file, struct elf *e)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	e->s = file;
	if (file.n < EHDR || memcmp(file.p, ident, sizeof ident) != 0 || gh_le16(file.p + 54) != PHDR)
		return false;
	e->nph = gh_le16(file.p + 56);
	const struct gh_span ph = piece(file, gh_le64(file.p + 32), (uint64_t)e->nph * PHDR);
	e->ph = ph.p;
	return ph.p != NULL && e->nph <= PHDRS;
}

static uint32_t type(const struct elf *e, unsigned i) { return gh_le32(e->ph + (size_t)i * PHDR); }
static uint64_t field(const struct elf *e, unsigned i, size_t at) { return gh_le64(e->ph + (size_t)i * PHDR + at); }
static uint64_t offset(const struct elf *e, unsigned i) { return field(e, i, 8); }
static uint64_t filesz(const struct elf *e, unsigned i) { return field(e, i, 32); }

/* What the file holds for n bytes at this address of memory. */
static struct gh_span at_address(const struct elf *e, uint64_t address, uint64_t n)
{
	for (unsigned i = 0; i < e->nph; i++) {
		const uint64_t from = field(e, i, 16);
		if (type(e, i) == PT_LOAD && address >= from && address - from < filesz(e, i) &&
		    n <= filesz(e, i) - (address - from) && offset(e, i) <= UINT64_MAX - (address - from))
			return piece(e->s, offset(e, i) + (address - from), n);
	}
	return (struct gh_span){ 0 };
}

/* A name of the string table, not empty, with its NUL inside the table. */
static bool text_at(struct gh_span table, uint64_t at, size_t max, struct gh_span *out)
{
	const struct gh_span rest = gh_span_cut(table, at, max);
	const uint8_t *end = rest.n == 0 ? NULL : memchr(rest.p, '\0', rest.n);
	if (end == NULL || end == rest.p)
		return false;
	*out = (struct gh_span){ rest.p, (size_t)(end - rest.p) };
	return true;
}

struct dynamic {
	const uint8_t *p;
	size_t n; /* entries before DT_NULL */
	struct gh_span table;
};

static bool open_dynamic(const struct elf *e, unsigned i, struct dynamic *d)
{
	const struct gh_span s = piece(e->s, offset(e, i), filesz(e, i));
	uint64_t table = 0, size = 0;
	if (s.p == NULL || s.n / DYN > DYNS)
		return false;
	d->p = s.p;
	for (d->n = 0; d->n < s.n / DYN && gh_le64(s.p + d->n * DYN) != DT_NULL; d->n++) {
		const uint64_t tag = gh_le64(s.p + d->n * DYN), value = gh_le64(s.p + d->n * DYN + 8);
		table = tag == DT_STRTAB ? value : table;
		size = tag == DT_STRSZ ? value : size;
	}
	d->table = at_address(e, table, size);
	return true;
}

static bool names(const struct dynamic *d, struct gh_elf_need *out)
{
	struct gh_span rpath = { 0 };
	for (size_t i = 0; i < d->n; i++) {
		const uint64_t tag = gh_le64(d->p + i * DYN), value = gh_le64(d->p + i * DYN + 8);
		if (tag == DT_NEEDED) {
			if (out->nneeded == GH_ELF_NEEDED ||
			    !text_at(d->table, value, GH_ELF_NAME, &out->needed[out->nneeded]))
				return false;
			out->nneeded++;
		} else if (tag == DT_RUNPATH || tag == DT_RPATH) {
			if (!text_at(d->table, value, 4096, tag == DT_RPATH ? &rpath : &out->runpath))
				return false;
		}
	}
	if (out->runpath.n == 0) /* the older way counts where the newer one is not used */
		out->runpath = rpath;
	return true;
}

bool gh_elf_need(struct gh_span file, struct gh_elf_need *out)
{
	struct elf e;
	struct dynamic d;
	*out = (struct gh_elf_need){ 0 };
	if (!open_elf(file, &e))
		return false;
	for (unsigned i = 0; i < e.nph; i++)
		if (type(&e, i) == PT_INTERP) {
			const struct gh_span s = piece(file, offset(&e, i), filesz(&e, i));
			if (s.p == NULL || !text_at(s, 0, GH_ELF_NAME, &out->interpreter))
				return false;
		} else if (type(&e, i) == PT_DYNAMIC && (!open_dynamic(&e, i, &d) || !names(&d, out)))
			return false;
	return true;
}
