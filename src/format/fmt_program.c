/* Native programs and scripts: identified, not read. What a program does is beyond what a model scanner can vouch for,
 * so these rows have no reader (a script's bytes go on to the checks as code). */
#include "format/formats.h"
#include "wire/program.h"

static enum gh_match probe_kind(const struct gh_probe *p, enum gh_program_kind kind)
{
	struct gh_program prog;
	return gh_program_at(p->head, &prog) && prog.kind == kind && !gh_llamafile_probe(p) ? GH_STRONG : GH_NO;
}

static enum gh_match probe_elf(const struct gh_probe *p) { return probe_kind(p, GH_PROGRAM_ELF); }
static enum gh_match probe_pe(const struct gh_probe *p) { return probe_kind(p, GH_PROGRAM_PE); }
static enum gh_match probe_macho(const struct gh_probe *p) { return probe_kind(p, GH_PROGRAM_MACHO); }
static enum gh_match probe_script(const struct gh_probe *p) { return probe_kind(p, GH_PROGRAM_SCRIPT); }

/* A script is text: its reader looks at every byte, and hands it on to the reader of the language that the first line
 * names. */
static enum gh_rc walk_script(struct gh_walk *w)
{
	enum gh_rc rc = gh_walk_as(w, &gh_fmt_text);
	return rc != GH_E_NOTTHIS ? rc : gh_fail(w->err, GH_E_MALFORMED, "no script");
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
