/* Native programs and scripts: identified, not read. What a program does is beyond what a model scanner can vouch for,
 * so these rows have no reader (a script's bytes go on to the checks as code). */
#include "format/formats.h"
#include "wire/program.h"

static enum gh_match probe_kind(const struct gh_probe *p, enum gh_program_kind kind)
{
	struct gh_program prog;
	return gh_program_at(p->head, &prog) && prog.kind == kind ? GH_STRONG : GH_NO;
}

static enum gh_match probe_elf(const struct gh_probe *p) { return probe_kind(p, GH_PROGRAM_ELF); }
static enum gh_match probe_pe(const struct gh_probe *p) { return probe_kind(p, GH_PROGRAM_PE); }
static enum gh_match probe_macho(const struct gh_probe *p) { return probe_kind(p, GH_PROGRAM_MACHO); }
static enum gh_match probe_script(const struct gh_probe *p) { return probe_kind(p, GH_PROGRAM_SCRIPT); }

/* "python" and "shell" are the names that checks know; anything else is the interpreter's own. */
static const char *language_of(struct gh_span line, char name[32])
{
	static const char *const shells[] = { "sh",  "bash",	"dash", "zsh", "ksh",
					      "ash", "busybox", "fish", "csh", "tcsh" };
	size_t n = 0, i = 2;
	/* The last word that is neither an option nor an assignment after "env", else the path's last part. */
	while (i < line.n && line.p[i] != '\n' && line.p[i] != '\r') {
		while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
			i++;
		size_t from = i;
		while (i < line.n && line.p[i] > ' ')
			i++;
		struct gh_span word = { line.p + from, i - from };
		if (word.n == 0)
			break;
		if (word.p[0] == '-' || memchr(word.p, '=', word.n) != NULL)
			continue;
		for (size_t k = word.n; k > 0; k--)
			if (word.p[k - 1] == '/') {
				word = gh_span_cut(word, k, word.n);
				break;
			}
		for (n = 0; n < word.n && n < 31 && word.p[n] >= '0' && word.p[n] <= 'z'; n++)
			name[n] = (char)word.p[n];
		name[n] = '\0';
		if (strcmp(name, "env") != 0)
			break;
	}
	for (size_t k = 0; k < sizeof shells / sizeof shells[0]; k++)
		if (strcmp(name, shells[k]) == 0)
			return "shell";
	return strncmp(name, "python", 6) == 0 || strncmp(name, "pypy", 4) == 0 ? "python" : name;
}

static enum gh_rc walk_script(struct gh_walk *w)
{
	char name[32] = "";
	struct gh_program prog;
	struct gh_span head = gh_src_window(w->src, 0, 512);
	if (!gh_program_at(head, &prog) || prog.kind != GH_PROGRAM_SCRIPT)
		return gh_fail(w->err, GH_E_MALFORMED, "no script");
	struct gh_code code = { .language = language_of(head, name), .name = w->name, .src = w->src };
	enum gh_rc rc = gh_emit(w, GH_EV_CODE, 0, w->src->size, &code);
	return rc != GH_OK ? rc : gh_fail(w->err, GH_E_UNREAD, "identified, not read: %s script", code.language);
}

const struct gh_fmt gh_fmt_elf = {
	.name = "elf",
	.about = "ELF programs and libraries (Linux and others)",
	.exts = "so o elf ko axf out run appimage llamafile",
	.probe = probe_elf,
};
const struct gh_fmt gh_fmt_pe = {
	.name = "pe",
	.about = "PE programs and libraries (Windows)",
	.exts = "exe dll sys efi pyd scr com cpl ocx mui llamafile",
	.probe = probe_pe,
};
const struct gh_fmt gh_fmt_macho = {
	.name = "macho",
	.about = "Mach-O programs and libraries (macOS)",
	.exts = "dylib bundle o so macho",
	.probe = probe_macho,
};
const struct gh_fmt gh_fmt_script = {
	.name = "script",
	.about = "scripts that name their interpreter (#!)",
	.exts = "sh bash zsh py pl rb js lua awk tcl php r command run",
	.probe = probe_script,
	.walk = walk_script,
};
