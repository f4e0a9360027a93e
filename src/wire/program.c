#include "wire/program.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* ---- fields in either byte order ---------------------------------------------------------------------------------- */
static uint16_t get16(const uint8_t *p, bool big)
{
	unsigned le = gh_le16(p);
	return (uint16_t)(big ? le << 8 | le >> 8 : le);
}
static uint32_t get32(const uint8_t *p, bool big) { return big ? gh_be32(p) : gh_le32(p); }

struct machine {
	uint32_t id;
	const char *name;
};

static const char *machine_name(const struct machine *m, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].id == id)
			return m[i].name;
	return NULL;
}
#define MACHINE(table, id) machine_name(table, sizeof(table) / sizeof(table)[0], id)

/* ---- ELF ----------------------------------------------------------------------------------------------------------- */
static const struct machine elf_machines[] = {
	{ 62, "x86-64" },   { 3, "x86" },	  { 183, "aarch64" },  { 40, "arm" },	      { 243, "riscv" },
	{ 8, "mips" },	    { 20, "powerpc" },	  { 21, "powerpc64" }, { 22, "s390" },	      { 2, "sparc" },
	{ 43, "sparcv9" },  { 258, "loongarch" }, { 247, "bpf" },      { 190, "cuda" },	      { 224, "amdgpu" },
	{ 42, "superh" },   { 4, "m68k" },	  { 50, "ia-64" },     { 18, "sparc32+" },    { 41, "alpha" },
	{ 36902, "alpha" }, { 15, "parisc" },	  { 94, "xtensa" },    { 105, "msp430" },     { 83, "avr" },
	{ 164, "hexagon" }, { 6, "iamcu" },	  { 10, "mips" },      { 189, "microblaze" }, { 252, "csky" },
};

/* One reading of the header: what Linux insists on for programs and libraries (type, machine, size and number of
 * program headers; it never looks at class, byte order and version in e_ident), or what linkers insist on for
 * objects and cores (class, sizes, version). */
static const char *elf_reading(const uint8_t *p, bool wide, bool big)
{
	uint16_t type = get16(p + 16, big);
	uint16_t phsize = get16(p + (wide ? 54 : 42), big), phnum = get16(p + (wide ? 56 : 44), big);
	bool loads = (type == 2 || type == 3) && phsize == (wide ? 56 : 32) && phnum >= 1 && phnum <= 65536 / 32;
	bool links = (type == 1 || type == 4) && p[4] == (wide ? 2 : 1) && p[5] == (big ? 2 : 1) && p[6] == 1 &&
		     get32(p + 20, big) == 1 && get16(p + (wide ? 52 : 40), big) == (wide ? 64 : 52);
	return loads || links ? MACHINE(elf_machines, get16(p + 18, big)) : NULL;
}

static bool elf_at(struct gh_span s, struct gh_program *out)
{
	if (s.n < 52 || memcmp(s.p, "\177ELF", 4) != 0)
		return false;
	const char *m = NULL;
	for (unsigned i = 0; i < 4 && m == NULL; i++)
		if ((i & 1) == 0 || s.n >= 64)
			m = elf_reading(s.p, i & 1, i >> 1);
	*out = (struct gh_program){ .kind = GH_PROGRAM_ELF, .name = "ELF", .machine = m };
	return m != NULL;
}

/* ---- PE ------------------------------------------------------------------------------------------------------------ */
static const struct machine pe_machines[] = {
	{ 0x8664, "x86-64" },  { 0x14c, "x86" }, { 0xaa64, "aarch64" },	    { 0xa641, "aarch64ec" },
	{ 0x1c0, "arm" },      { 0x1c4, "arm" }, { 0x200, "ia-64" },	    { 0x5064, "riscv64" },
	{ 0x5032, "riscv32" }, { 0xebc, "efi" }, { 0x6264, "loongarch64" }, { 0xa64e, "aarch64x" },
};

static bool pe_at(struct gh_span s, struct gh_program *out)
{
	if (s.n < 64 || s.p[0] != 'M' || s.p[1] != 'Z')
		return false;
	uint32_t off = gh_le32(s.p + 0x3c);
	if (off < 4 || off > s.n || s.n - off < 26 || memcmp(s.p + off, "PE\0\0", 4) != 0)
		return false;
	const uint8_t *coff = s.p + off + 4;
	const char *m = MACHINE(pe_machines, gh_le16(coff));
	uint16_t sections = gh_le16(coff + 2), optional = gh_le16(coff + 16), magic = gh_le16(coff + 20);
	*out = (struct gh_program){ .kind = GH_PROGRAM_PE, .name = "PE", .machine = m };
	return m != NULL && sections <= 4096 && optional >= 2 && (magic == 0x10b || magic == 0x20b);
}

/* ---- Mach-O -------------------------------------------------------------------------------------------------------- */
static const struct machine macho_machines[] = {
	{ 0x01000007, "x86-64" },    { 7, "x86" },  { 0x0100000c, "arm64" },
	{ 0x0200000c, "arm64_32" },  { 12, "arm" }, { 18, "powerpc" },
	{ 0x01000012, "powerpc64" },
};

/* Thin: a known machine, a file type of 1 to 12, and load commands of a sane number and size. */
static const char *macho_thin(struct gh_span s, bool big)
{
	uint32_t type = get32(s.p + 12, big), ncmds = get32(s.p + 16, big), size = get32(s.p + 20, big);
	bool sane = type >= 1 && type <= 12 && ncmds <= 65536 && size >= ncmds * 8 && size <= 1u << 26;
	return sane ? MACHINE(macho_machines, get32(s.p + 4, big)) : NULL;
}

/* Fat: at most 64 entries (a Java class has a version of 45 and more there, and no machine after it). */
static const char *macho_fat(struct gh_span s, bool wide)
{
	uint32_t n = gh_be32(s.p + 4), align = s.n >= 40 ? gh_be32(s.p + (wide ? 32 : 24)) : 64;
	return n >= 1 && n <= 64 && align <= 32 ? MACHINE(macho_machines, gh_be32(s.p + 8)) : NULL;
}

static bool macho_at(struct gh_span s, struct gh_program *out)
{
	if (s.n < 28)
		return false;
	uint32_t le = gh_le32(s.p), be = gh_be32(s.p);
	bool fat = be == 0xcafebabe || be == 0xcafebabf;
	const char *m = NULL;
	if (fat)
		m = macho_fat(s, be == 0xcafebabf);
	else if ((le | 1) == 0xfeedfacf)
		m = macho_thin(s, false);
	else if ((be | 1) == 0xfeedfacf)
		m = macho_thin(s, true);
	*out = (struct gh_program){ .kind = GH_PROGRAM_MACHO,
				    .name = fat ? "universal Mach-O" : "Mach-O",
				    .machine = m };
	return m != NULL;
}

/* ---- script -------------------------------------------------------------------------------------------------------- */
static bool path_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       memchr("/._-+", c, 5) != NULL;
}

/* "#!", blanks, an absolute path, then its arguments or the end of the line: what execve(2) takes. */
static bool script_at(struct gh_span s, struct gh_program *out)
{
	if (s.n < 4 || s.p[0] != '#' || s.p[1] != '!')
		return false;
	size_t i = 2;
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	size_t from = i;
	while (i < s.n && path_char(s.p[i]))
		i++;
	bool ends = i == s.n || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == 0;
	*out = (struct gh_program){
		.kind = GH_PROGRAM_SCRIPT, .name = "script", .machine = "", .interpreter = { s.p + from, i - from }
	};
	return ends && i - from >= 2 && s.p[from] == '/';
}

/* ---- the two questions --------------------------------------------------------------------------------------------- */
static bool native_at(struct gh_span s, struct gh_program *out)
{
	return elf_at(s, out) || pe_at(s, out) || macho_at(s, out);
}

/* Where a file of its own starts, magic and identification (56 bits) say what it means to be, also when the rest of the
 * header is cut, damaged or zeroed: whoever put it there can repair it. Too little for a search in weights. */
static bool elf_ident(struct gh_span head, struct gh_program *out)
{
	if (head.n < 16 || memcmp(head.p, "\177ELF", 4) != 0 || (head.p[4] != 1 && head.p[4] != 2) ||
	    (head.p[5] != 1 && head.p[5] != 2) || head.p[6] != 1)
		return false;
	*out = (struct gh_program){ .kind = GH_PROGRAM_ELF, .name = "ELF", .machine = "" };
	return true;
}

bool gh_program_at(struct gh_span head, struct gh_program *out)
{
	return native_at(head, out) || elf_ident(head, out) || script_at(head, out);
}

/* Candidates are pairs of bytes that one of the magics starts with: one position in 10,000 of random data. */
static bool candidate(const uint8_t *p)
{
	return (p[0] == 0x7f && p[1] == 'E') || (p[0] == 'M' && p[1] == 'Z') || ((p[0] | 1) == 0xcf && p[1] == 0xfa) ||
	       (p[0] == 0xfe && p[1] == 0xed) || (p[0] == 0xca && p[1] == 0xfe);
}

static size_t scan_plain(const uint8_t *p, size_t from, size_t end)
{
	while (from < end && !candidate(p + from))
		from++;
	return from;
}

#ifdef __x86_64__
/* The same question for 32 positions at a time; p[end] must be readable (pairs). */
__attribute__((target("avx512f,avx512bw"))) static size_t scan_avx512(const uint8_t *p, size_t from, size_t end)
{
	const __m512i one = _mm512_set1_epi8(1);
	for (; end - from >= 64; from += 64) {
		__m512i a = _mm512_loadu_si512(p + from), b = _mm512_loadu_si512(p + from + 1);
		__m512i c = _mm512_or_si512(a, one);
		uint64_t mask = _mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(a, _mm512_set1_epi8(0x7f)), b,
							    _mm512_set1_epi8('E')) |
				_mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(a, _mm512_set1_epi8('M')), b,
							    _mm512_set1_epi8('Z')) |
				_mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(c, _mm512_set1_epi8((char)0xcf)), b,
							    _mm512_set1_epi8((char)0xfa)) |
				_mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(a, _mm512_set1_epi8((char)0xfe)), b,
							    _mm512_set1_epi8((char)0xed)) |
				_mm512_mask_cmpeq_epi8_mask(_mm512_cmpeq_epi8_mask(a, _mm512_set1_epi8((char)0xca)), b,
							    _mm512_set1_epi8((char)0xfe));
		if (mask != 0)
			return from + (unsigned)__builtin_ctzll(mask);
	}
	return scan_plain(p, from, end);
}

__attribute__((target("avx2"))) static size_t scan_avx2(const uint8_t *p, size_t from, size_t end)
{
	const __m256i elf0 = _mm256_set1_epi8(0x7f), elf1 = _mm256_set1_epi8('E'), pe0 = _mm256_set1_epi8('M'),
		      pe1 = _mm256_set1_epi8('Z'), one = _mm256_set1_epi8(1), cf = _mm256_set1_epi8((char)0xcf),
		      fa = _mm256_set1_epi8((char)0xfa), fe = _mm256_set1_epi8((char)0xfe),
		      ed = _mm256_set1_epi8((char)0xed), ca = _mm256_set1_epi8((char)0xca);
	while (end - from >= 32) {
		__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(p + from));
		__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + from + 1));
		__m256i hit = _mm256_and_si256(_mm256_cmpeq_epi8(a, elf0), _mm256_cmpeq_epi8(b, elf1));
		hit = _mm256_or_si256(hit, _mm256_and_si256(_mm256_cmpeq_epi8(a, pe0), _mm256_cmpeq_epi8(b, pe1)));
		hit = _mm256_or_si256(hit, _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_or_si256(a, one), cf),
							    _mm256_cmpeq_epi8(b, fa)));
		hit = _mm256_or_si256(hit, _mm256_and_si256(_mm256_cmpeq_epi8(a, fe), _mm256_cmpeq_epi8(b, ed)));
		hit = _mm256_or_si256(hit, _mm256_and_si256(_mm256_cmpeq_epi8(a, ca), _mm256_cmpeq_epi8(b, fe)));
		unsigned mask = (unsigned)_mm256_movemask_epi8(hit);
		if (mask != 0)
			return from + (unsigned)__builtin_ctz(mask);
		from += 32;
	}
	return scan_plain(p, from, end);
}

static size_t scan(const uint8_t *p, size_t from, size_t end)
{
	if (__builtin_cpu_supports("avx512bw"))
		return scan_avx512(p, from, end);
	return __builtin_cpu_supports("avx2") ? scan_avx2(p, from, end) : scan_plain(p, from, end);
}
#else
#define scan scan_plain
#endif

size_t gh_program_find(struct gh_span block, struct gh_program *out, size_t max)
{
	size_t n = 0;
	if (block.n < 2 || max == 0)
		return 0;
	size_t end = block.n - 1;
	for (size_t i = 0; n < max; i++) {
		i = scan(block.p, i, end);
		if (i >= end)
			break;
		if (native_at(gh_span_cut(block, i, block.n), &out[n]))
			out[n++].at = i;
	}
	return n;
}
