#include "wire/pyident.h"
#include "base/utf8.h"

/* Unicode 15, NFKC: identifier characters outside of ASCII that become ASCII. Runs: `n` characters from `from` become
 * consecutive ones from `to`. */
/* clang-format off */
static const struct {
	uint32_t from;
	uint8_t n;
	char to;
} runs[] = {
	{ 0x000aa, 1, 'a' }, { 0x000ba, 1, 'o' }, { 0x0017f, 1, 's' }, { 0x002b0, 1, 'h' },
	{ 0x002b2, 1, 'j' }, { 0x002b3, 1, 'r' }, { 0x002b7, 1, 'w' }, { 0x002b8, 1, 'y' },
	{ 0x002e1, 1, 'l' }, { 0x002e2, 1, 's' }, { 0x002e3, 1, 'x' }, { 0x01d2c, 1, 'A' },
	{ 0x01d2e, 1, 'B' }, { 0x01d30, 2, 'D' }, { 0x01d33, 8, 'G' }, { 0x01d3c, 1, 'O' },
	{ 0x01d3e, 1, 'P' }, { 0x01d3f, 1, 'R' }, { 0x01d40, 2, 'T' }, { 0x01d42, 1, 'W' },
	{ 0x01d43, 1, 'a' }, { 0x01d47, 1, 'b' }, { 0x01d48, 2, 'd' }, { 0x01d4d, 1, 'g' },
	{ 0x01d4f, 1, 'k' }, { 0x01d50, 1, 'm' }, { 0x01d52, 1, 'o' }, { 0x01d56, 1, 'p' },
	{ 0x01d57, 2, 't' }, { 0x01d5b, 1, 'v' }, { 0x01d62, 1, 'i' }, { 0x01d63, 1, 'r' },
	{ 0x01d64, 2, 'u' }, { 0x01d9c, 1, 'c' }, { 0x01da0, 1, 'f' }, { 0x01dbb, 1, 'z' },
	{ 0x02071, 1, 'i' }, { 0x0207f, 1, 'n' }, { 0x02090, 1, 'a' }, { 0x02091, 1, 'e' },
	{ 0x02092, 1, 'o' }, { 0x02093, 1, 'x' }, { 0x02095, 1, 'h' }, { 0x02096, 4, 'k' },
	{ 0x0209a, 1, 'p' }, { 0x0209b, 2, 's' }, { 0x02102, 1, 'C' }, { 0x0210a, 1, 'g' },
	{ 0x0210b, 1, 'H' }, { 0x0210c, 1, 'H' }, { 0x0210d, 1, 'H' }, { 0x0210e, 1, 'h' },
	{ 0x02110, 1, 'I' }, { 0x02111, 1, 'I' }, { 0x02112, 1, 'L' }, { 0x02113, 1, 'l' },
	{ 0x02115, 1, 'N' }, { 0x02119, 3, 'P' }, { 0x0211c, 1, 'R' }, { 0x0211d, 1, 'R' },
	{ 0x02124, 1, 'Z' }, { 0x02128, 1, 'Z' }, { 0x0212a, 1, 'K' }, { 0x0212c, 2, 'B' },
	{ 0x0212f, 1, 'e' }, { 0x02130, 2, 'E' }, { 0x02133, 1, 'M' }, { 0x02134, 1, 'o' },
	{ 0x02139, 1, 'i' }, { 0x02145, 1, 'D' }, { 0x02146, 2, 'd' }, { 0x02148, 2, 'i' },
	{ 0x02160, 1, 'I' }, { 0x02164, 1, 'V' }, { 0x02169, 1, 'X' }, { 0x0216c, 1, 'L' },
	{ 0x0216d, 2, 'C' }, { 0x0216f, 1, 'M' }, { 0x02170, 1, 'i' }, { 0x02174, 1, 'v' },
	{ 0x02179, 1, 'x' }, { 0x0217c, 1, 'l' }, { 0x0217d, 2, 'c' }, { 0x0217f, 1, 'm' },
	{ 0x02c7c, 1, 'j' }, { 0x02c7d, 1, 'V' }, { 0x0a7f2, 1, 'C' }, { 0x0a7f3, 1, 'F' },
	{ 0x0a7f4, 1, 'Q' }, { 0x0fe33, 1, '_' }, { 0x0fe34, 1, '_' }, { 0x0fe4d, 1, '_' },
	{ 0x0fe4e, 1, '_' }, { 0x0fe4f, 1, '_' }, { 0x0ff10, 10, '0' }, { 0x0ff21, 26, 'A' },
	{ 0x0ff3f, 1, '_' }, { 0x0ff41, 26, 'a' }, { 0x107a5, 1, 'q' }, { 0x1d400, 26, 'A' },
	{ 0x1d41a, 26, 'a' }, { 0x1d434, 26, 'A' }, { 0x1d44e, 7, 'a' }, { 0x1d456, 18, 'i' },
	{ 0x1d468, 26, 'A' }, { 0x1d482, 26, 'a' }, { 0x1d49c, 1, 'A' }, { 0x1d49e, 2, 'C' },
	{ 0x1d4a2, 1, 'G' }, { 0x1d4a5, 2, 'J' }, { 0x1d4a9, 4, 'N' }, { 0x1d4ae, 8, 'S' },
	{ 0x1d4b6, 4, 'a' }, { 0x1d4bb, 1, 'f' }, { 0x1d4bd, 7, 'h' }, { 0x1d4c5, 11, 'p' },
	{ 0x1d4d0, 26, 'A' }, { 0x1d4ea, 26, 'a' }, { 0x1d504, 2, 'A' }, { 0x1d507, 4, 'D' },
	{ 0x1d50d, 8, 'J' }, { 0x1d516, 7, 'S' }, { 0x1d51e, 26, 'a' }, { 0x1d538, 2, 'A' },
	{ 0x1d53b, 4, 'D' }, { 0x1d540, 5, 'I' }, { 0x1d546, 1, 'O' }, { 0x1d54a, 7, 'S' },
	{ 0x1d552, 26, 'a' }, { 0x1d56c, 26, 'A' }, { 0x1d586, 26, 'a' }, { 0x1d5a0, 26, 'A' },
	{ 0x1d5ba, 26, 'a' }, { 0x1d5d4, 26, 'A' }, { 0x1d5ee, 26, 'a' }, { 0x1d608, 26, 'A' },
	{ 0x1d622, 26, 'a' }, { 0x1d63c, 26, 'A' }, { 0x1d656, 26, 'a' }, { 0x1d670, 26, 'A' },
	{ 0x1d68a, 26, 'a' }, { 0x1d7ce, 10, '0' }, { 0x1d7d8, 10, '0' }, { 0x1d7e2, 10, '0' },
	{ 0x1d7ec, 10, '0' }, { 0x1d7f6, 10, '0' }, { 0x1fbf0, 10, '0' },
};
static const struct {
	uint32_t from;
	char to[5];
} several[] = {
	{ 0x00132, "IJ" }, { 0x00133, "ij" }, { 0x001c7, "LJ" }, { 0x001c8, "Lj" }, { 0x001c9, "lj" },
	{ 0x001ca, "NJ" }, { 0x001cb, "Nj" }, { 0x001cc, "nj" }, { 0x001f1, "DZ" }, { 0x001f2, "Dz" },
	{ 0x001f3, "dz" }, { 0x02161, "II" }, { 0x02162, "III" }, { 0x02163, "IV" }, { 0x02165, "VI" },
	{ 0x02166, "VII" }, { 0x02167, "VIII" }, { 0x02168, "IX" }, { 0x0216a, "XI" }, { 0x0216b, "XII" },
	{ 0x02171, "ii" }, { 0x02172, "iii" }, { 0x02173, "iv" }, { 0x02175, "vi" }, { 0x02176, "vii" },
	{ 0x02177, "viii" }, { 0x02178, "ix" }, { 0x0217a, "xi" }, { 0x0217b, "xii" }, { 0x0fb00, "ff" },
	{ 0x0fb01, "fi" }, { 0x0fb02, "fl" }, { 0x0fb03, "ffi" }, { 0x0fb04, "ffl" }, { 0x0fb05, "st" },
	{ 0x0fb06, "st" },
};
/* clang-format on */

static size_t find_run(uint32_t cp)
{
	size_t lo = 0, hi = sizeof runs / sizeof runs[0];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (cp < runs[mid].from)
			hi = mid;
		else if (cp >= runs[mid].from + runs[mid].n)
			lo = mid + 1;
		else
			return mid;
	}
	return SIZE_MAX;
}

static size_t fold(uint32_t cp, char *out)
{
	size_t r = find_run(cp);
	if (r != SIZE_MAX) {
		out[0] = (char)(runs[r].to + (char)(cp - runs[r].from));
		return 1;
	}
	for (size_t i = 0; i < sizeof several / sizeof several[0]; i++) {
		if (several[i].from != cp)
			continue;
		size_t n = strlen(several[i].to);
		memcpy(out, several[i].to, n);
		return n;
	}
	return 0;
}

size_t gh_py_ident(struct gh_span name, char *out)
{
	size_t n = 0, used;
	for (size_t i = 0; i < name.n; i += used) {
		uint32_t cp;
		used = gh_utf8_next(gh_span_cut(name, i, 4), &cp);
		size_t made = used > 1 ? fold(cp, out + n) : 0;
		if (used == 0)
			used = 1;
		if (made == 0) {
			memcpy(out + n, name.p + i, used);
			made = used;
		}
		n += made;
	}
	return n;
}
