/* The way of bytes through libyara: the bundled rules, and rules that ask every module for something, over any bytes.
 *
 * libyara is Debian's, and not instrumented: the fuzzer sees no coverage of it, and the sanitizers see no access of its own. So
 * the bytes end where an unreadable page begins, and whatever reads behind them dies. The first byte of an input says how the
 * rest is cut into blocks. */
#include "base/buf.h"
#include "base/utf8.h"
#include "scan/yara.h"
#include "scan/yara_compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Fields that make a module walk its tables; conditions that no bytes are meant to satisfy. */
static const char rules[] =
	"import \"elf\"\nimport \"pe\"\nimport \"dotnet\"\nimport \"macho\"\nimport \"dex\"\nimport \"math\"\nimport "
	"\"hash\"\n"
	"rule elfs { condition: elf.number_of_sections > 3 and for any i in (0..elf.number_of_sections - 1) : "
	"(elf.sections[i].name == \"x\") or elf.symtab_entries > 0 or elf.dynsym_entries > 0 or "
	"elf.dynamic_section_entries > 0 }\n"
	"rule pes { condition: pe.number_of_sections > 0 and (pe.imphash() != \"\" or pe.imports(\"a.dll\", \"b\") or "
	"pe.exports(\"c\") or pe.rich_signature.length > 0 or pe.number_of_resources > 0 or pe.version_info[\"a\"] "
	"contains \"b\" "
	"or pe.overlay.size > 0 or pe.calculate_checksum() == 3 or pe.number_of_signatures > 0 or "
	"pe.rva_to_offset(pe.entry_point) > 0 or pe.section_index(\".text\") > 0 or pe.language(9) or pe.is_dll()) }\n"
	"rule dotnets { condition: dotnet.number_of_streams > 0 or dotnet.number_of_guids > 0 or "
	"dotnet.number_of_resources > 0 or "
	"dotnet.number_of_user_strings > 0 or dotnet.assembly_refs[0].name == \"x\" or dotnet.version == \"y\" }\n"
	"rule machos { condition: macho.number_of_segments > 0 or macho.fat_arch[0].size > 0 or macho.entry_point > 0 "
	"or "
	"macho.file_index_for_arch(macho.CPU_TYPE_X86) >= 0 }\n"
	"rule dexes { condition: dex.header.file_size > 0 or dex.number_of_methods > 0 or dex.has_method(\"a\", \"b\") "
	"or "
	"dex.has_class(\"c\") or dex.string_ids[0].value == \"d\" }\n"
	"rule sums { condition: math.entropy(0, filesize) > 7.9 or math.mean(1, filesize) < 2.0 or "
	"math.serial_correlation(0, filesize) > 3.0 or math.monte_carlo_pi(0, filesize) > 0.9 or hash.md5(0, filesize) "
	"== \"\" or "
	"hash.crc32(0, filesize) == 7 or uint32(filesize - 2) == 1 or uint32be(filesize) == 1 }\n";

enum { INPUT_MAX = 1 << 16, ROOM = 256 << 10 };

static struct gh_buf compiled;
static struct gh_yara *yara;
static uint8_t *fence; /* the first byte that cannot be read */
static uint64_t size;

static void begin(void)
{
	char path[64];
	struct gh_err err = { 0 };
	size_t count = 0;
	int fd = memfd_create("rules", MFD_CLOEXEC);
	if (fd < 0 || write(fd, rules, sizeof rules - 1) != (ssize_t)(sizeof rules - 1))
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	const char *const paths[] = { path };
	compiled = gh_buf(4 << 20);
	if (gh_yara_compile(paths, 1, &compiled, &count, &err) != GH_OK) {
		char why[700];
		(void)fprintf(stderr, "%s\n", gh_err_line(&err, why, sizeof why));
		abort();
	}
	(void)close(fd);
	yara = gh_yara_new(gh_buf_view(&compiled), 20);
	uint8_t *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (yara == NULL || room == MAP_FAILED || mprotect(room + ROOM / 2, ROOM / 2, PROT_NONE) != 0)
		abort();
	fence = room + ROOM / 2;
}

static void on_hit(void *arg, const struct gh_yara_hit *h)
{
	(void)arg;
	if (h->rule[0] == '\0' || h->off > size || h->len > size - h->off || !gh_utf8_valid(gh_span_str(h->what)) ||
	    !gh_utf8_valid(gh_span_str(h->about)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n < 1 || n - 1 > INPUT_MAX)
		return 0;
	if (yara == NULL)
		begin();
	size = n - 1;
	memcpy(fence - size, p + 1, (size_t)size);
	struct gh_span all = { fence - size, (size_t)size };
	/* 0: as a whole; else blocks, which overlap as the pipeline's do when they are large enough. */
	size_t block = p[0] == 0 ? all.n : (size_t)p[0] * 64, again = p[0] < 128 ? 0 : GH_YARA_OVERLAP;
	gh_yara_begin(yara, GH_YARA_HERE, size, (struct gh_span){ p, n < 40 ? n : 40 });
	for (size_t at = 0; at < all.n; at += block - (block > again ? again : 0)) {
		size_t len = all.n - at < block ? all.n - at : block;
		gh_yara_put(yara, GH_YARA_HERE, gh_span_cut(all, at, len), at, block == all.n);
		if (at + len == all.n)
			break;
	}
	(void)gh_yara_end(yara, GH_YARA_HERE, on_hit, NULL);
	return 0;
}
