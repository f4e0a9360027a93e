#include "check/shcode_int.h"

#include "format/format.h"
#include "wire/language.h"

#include <stdio.h>

enum { SAY = 12, ARENA = 24 << 20, DOC_LINE = 8 << 10 };

const struct gh_rule gh_shell_rules[] = {
	[SC_FETCH_RUN] = { "GH-SHC-0001", GH_CRITICAL, GH_UNSAFE, "A script runs what it fetches from the network",
			   "Whoever controls the address runs any code, and may change it at any time.",
			   "Do not run it.", "CWE-494 CWE-829 AML.T0011.001" },
	[SC_DECODE_RUN] = { "GH-SHC-0002", GH_CRITICAL, GH_UNSAFE, "A script decodes something and runs it",
			    "What really runs is hidden from whoever reads the script.", "Do not run it.",
			    "CWE-506 CWE-94 AML.T0011" },
	[SC_REVERSE] = { "GH-SHC-0003", GH_CRITICAL, GH_UNSAFE, "A script hands a shell to somebody at the other end",
			 "Somebody else types commands on the machine of whoever runs the script.",
			 "Do not run it; report the source.", "CWE-506 CWE-912 AML.T0011" },
	[SC_DESTROY] = { "GH-SHC-0004", GH_CRITICAL, GH_UNSAFE, "A script destroys data or stops the machine",
			 "The files of the user or of the system are gone.", "Do not run it.", "CWE-506 AML.T0029" },
	[SC_PERSIST] = { "GH-SHC-0005", GH_CRITICAL, GH_UNSAFE, "A script arranges to be run again or to be let in",
			 "The author's code runs with every login, every start or every minute.", "Do not run it.",
			 "CWE-506 CWE-912" },
	[SC_EXFIL] = { "GH-SHC-0006", GH_CRITICAL, GH_UNSAFE,
		       "A script sends credentials or details of the machine away",
		       "Keys, tokens and accounts are the author's.", "Do not run it; report the source.",
		       "CWE-200 CWE-522 AML.T0025" },
	[SC_DISABLE] = { "GH-SHC-0007", GH_HIGH, GH_UNSAFE, "A script switches defences off or removes traces",
			 "What comes next is neither stopped nor seen.", "Do not run it.", "CWE-693 CWE-778" },
	[SC_ESCALATE] = { "GH-SHC-0008", GH_HIGH, GH_UNSAFE, "A script leaves a way to more rights",
			  "Every user of the machine becomes its superuser.", "Do not run it.", "CWE-250 CWE-732" },
	[SC_MINER] = { "GH-SHC-0009", GH_HIGH, GH_UNSAFE, "A script mines cryptocurrency",
		       "The machine works for the author.", "Do not run it.", "CWE-506 AML.T0034" },
	[SC_INSTALL] = { "GH-SHC-0011", GH_LOW, GH_REVIEW, "A script installs packages",
			 "Packages run code of their own while they are installed.",
			 "Check the names before running it.", "CWE-829 AML.T0010" },
	[SC_FETCH] = { "GH-SHC-0012", GH_LOW, GH_REVIEW, "A script fetches files",
		       "What it fetches was not scanned and may change.", "Scan what it fetches.",
		       "CWE-494 AML.T0010" },
	[SC_SUDO] = { "GH-SHC-0013", GH_MEDIUM, GH_REVIEW, "A script asks for the rights of the superuser",
		      "Mistakes and malice reach the whole machine.", "Read it first; run it in a container.",
		      "CWE-250" },
	[SC_PROGRAM] = { "GH-SHC-0014", GH_LOW, GH_REVIEW, "A script runs programs that are not known to be harmless",
			 "Whatever those programs do with the arguments they get.", "Read it before running it.",
			 "CWE-829" },
	[SC_UNKNOWN] = { "GH-SHC-0015", GH_MEDIUM, GH_REVIEW, "A script runs what only becomes known when it runs",
			 "What runs cannot be read beforehand.", "Find out what the variable or the output holds.",
			 "CWE-94 CWE-78" },
	[SC_REMOTE] = { "GH-SHC-0016", GH_MEDIUM, GH_REVIEW, "A script talks to other machines",
			"Data leave the machine, or somebody comes in.", "Check who is at the other end.", "CWE-829" },
	[SC_SYSTEM] = { "GH-SHC-0017", GH_MEDIUM, GH_REVIEW, "A script changes how the machine works",
			"The change stays when the script is done.", "Run it in a container.", "CWE-829" },
	[SC_DELETE] = { "GH-SHC-0018", GH_MEDIUM, GH_REVIEW, "A script deletes files outside of its own folder",
			"Files of the user are gone.", "Read it first.", "CWE-73" },
	[SC_CODE] = { "GH-SHC-0019", GH_LOW, GH_REVIEW, "A script holds code of another language",
		      "Whatever that code does.", "Read the code before running the script.", "CWE-94" },
	[SC_INSTALLER] = { "GH-SHC-0020", GH_MEDIUM, GH_REVIEW, "A script runs the installer of a well-known tool",
			   "Whoever owns that address runs any code; the address is known and encrypted.",
			   "Install the tool from a package instead.", "CWE-494" },
	[SC_SPELT] = { "GH-SHC-0021", GH_HIGH, GH_UNSAFE, "A command is spelt so that it cannot be read",
		       "A pattern stands for the name of a system's program: filters and eyes miss it.",
		       "Do not run it.", "CWE-506 AML.T0015" },
	[SC_DISGUISED] = { "GH-SHC-0023", GH_HIGH, GH_UNSAFE, "A script runs a file that is called data",
			   "What runs lies where nobody looks for code.", "Do not run it.",
			   "CWE-506 CWE-646 AML.T0015" },
	[SC_PRELOAD] = { "GH-SHC-0024", GH_HIGH, GH_UNSAFE, "A script makes other programs load what came along",
			 "Every program that starts afterwards runs the author's library or script.", "Do not run it.",
			 "CWE-426 CWE-427 AML.T0011" },
	[SC_LIMIT] = { "GH-SHC-0022", GH_MEDIUM, GH_INCOMPLETE,
		       "A script is too long or too involved to be read to its end",
		       "What comes behind the limit is not seen.", "Do not run what cannot be read.",
		       "CWE-770 CWE-1050" },
	[SC_PROSE] = { "GH-SHC-0031", GH_MEDIUM, GH_REVIEW,
		       "Text holds commands that do harm where a shell would run them",
		       "The text can be run as a script; a reader who follows it does the same.",
		       "Do not follow it before you know what the commands do.", "CWE-494 AML.T0011" },
	[SC_SHOWN] = { "GH-SHC-0032", GH_INFO, GH_CLEAN, "Documentation shows commands that run what they fetch",
		       "None by itself: a reader who copies the commands trusts the address.",
		       "Prefer a package to a script from the network.", "CWE-494" },
	[SC_RULES] = GH_RULES_END,
};

static struct gh_range place(const struct judge *j, const struct gh_sh_cmd *c)
{
	if (!j->mapped || c->off >= j->at.len)
		return j->at;
	uint64_t left = j->at.len - c->off;
	return (struct gh_range){ j->at.off + c->off, c->len < left ? c->len : left };
}

/* A Dockerfile that installs packages by name is a list of packages, as a requirements file is. */
static bool expected(const struct judge *j, unsigned rule, const struct gh_sh_cmd *c)
{
	if (rule != SC_INSTALL || j->quiet || strcmp(j->scene->format, "dockerfile") != 0)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (gh_sc_has(c->word[i].text, ":/") || gh_sc_has(c->word[i].text, "git@") ||
		    gh_span_starts(c->word[i].text, "/"))
			return false;
	return true;
}

void gh_sc_say(struct judge *j, unsigned rule, const struct gh_sh_cmd *c, const char *what)
{
	if (expected(j, rule, c))
		return;
	j->found |= 1u << rule;
	if (j->quiet || j->told[rule]++ >= SAY)
		return;
	char text[88];
	size_t n = 0;
	for (size_t i = 0; i < c->n && n < sizeof text - 2; i++) {
		struct gh_span w = c->word[i].text;
		for (size_t k = 0; k < w.n && n < sizeof text - 2; k++)
			text[n++] = w.p[k] == GH_SH_ANY ? '?' : (char)w.p[k];
		text[n++] = ' ';
	}
	n -= n != 0;
	gh_find(j->scene, &gh_shell_rules[rule], place(j, c), "%s%s%s",
		gh_safe((struct gh_span){ (const uint8_t *)text, n }).s, what[0] != '\0' && n != 0 ? ": " : "", what);
}

static void judge(struct judge *j, struct gh_span script)
{
	gh_auto_arena arena = { .max = ARENA };
	struct gh_sh sh = {
		.arena = &arena, .ctx = j, .command = gh_sc_command, .wrote = gh_sc_wrote, .reads = gh_sc_reads
	};
	if (gh_sh_run(&sh, script) == GH_OK)
		return;
	struct gh_sh_cmd none = { 0 };
	gh_sc_say(j, SC_LIMIT, &none, "the rest was not looked at");
}

void gh_shell_judge(struct gh_scene *s, struct gh_span script, struct gh_range at, bool mapped)
{
	struct judge j = { .scene = s, .at = at, .mapped = mapped };
	judge(&j, script);
}

enum gh_verdict gh_shell_verdict(struct gh_span script)
{
	struct judge j = { .quiet = true };
	enum gh_verdict worst = GH_CLEAN;
	judge(&j, script);
	for (unsigned i = 0; i < SC_RULES; i++)
		if ((j.found & 1u << i) != 0 && gh_shell_rules[i].effect > worst)
			worst = gh_shell_rules[i].effect;
	return worst;
}

/* ---- documents -------------------------------------------------------------------------------------------------------- */
static bool fence(struct gh_span line)
{
	size_t i = 0;
	while (i < line.n && i < 3 && line.p[i] == ' ')
		i++;
	line = gh_span_cut(line, i, line.n);
	return gh_span_starts(line, "```") || gh_span_starts(line, "~~~");
}

/* Only a line with one of these can hold what is looked for: nearly none has one. */
static bool worth(struct gh_span line)
{
	static const char *const signs[] = { "|",    "/dev/tcp/", "/dev/udp/", "$(",	"`",  "<(", "eval", " -e ",
					     "rm -", ".ssh",	  "cron",      "chmod", "&&", ";",  "dd " };
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (gh_sc_has(line, signs[i]))
			return true;
	return false;
}

void gh_shell_document(struct gh_scene *s, struct gh_span text, struct gh_range at)
{
	bool fenced = false, shown = false, after_blank = true;
	unsigned told[2] = { 0 };
	for (size_t i = 0; i < text.n;) {
		const uint8_t *nl = memchr(text.p + i, '\n', text.n - i);
		size_t n = nl == NULL ? text.n - i : (size_t)(nl - (text.p + i)), from = i;
		while (nl != NULL && n != 0 && text.p[i + n - 1] == '\\' && n < DOC_LINE) { /* goes on */
			nl = i + n + 1 < text.n ? memchr(text.p + i + n + 1, '\n', text.n - i - n - 1) : NULL;
			n = nl == NULL ? text.n - i : (size_t)(nl - (text.p + i));
		}
		struct gh_span line = gh_span_cut(text, i, n);
		i += n + 1;
		if (fence(line)) {
			fenced = !fenced;
			continue;
		}
		bool indented = gh_span_starts(line, "    ") || gh_span_starts(line, "\t");
		shown = indented && (shown || after_blank);
		after_blank = line.n == 0;
		while (line.n != 0 && (line.p[0] == ' ' || line.p[0] == '\t' || line.p[0] == '$' || line.p[0] == '>'))
			line = gh_span_cut(line, 1, line.n);
		if (line.n > DOC_LINE || !worth(line) || memchr("|#`", line.p[0], 3) != NULL)
			continue;
		struct judge j = { .quiet = true };
		uint8_t room[DOC_LINE];
		for (size_t k = 0; k < line.n; k++) /* back quotes mark code in prose */
			room[k] = line.p[k] == '`' && !fenced && !shown ? ' ' : line.p[k];
		judge(&j, (struct gh_span){ room, line.n });
		unsigned bad = j.found & ((1u << SC_UNSAFE_END) - 1), mild = 1u << SC_FETCH_RUN | 1u << SC_EXFIL;
		if (bad == 0)
			continue;
		bool code = fenced || shown;
		bool info = code && (bad & ~mild) == 0;
		if (told[info]++ < SAY)
			gh_find(s, &gh_shell_rules[info ? SC_SHOWN : SC_PROSE], (struct gh_range){ at.off + from, n },
				"%s", gh_safe(line).s);
	}
}

/* ---- the row ------------------------------------------------------------------------------------------------------------ */
static void on_code(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_code *c = ev->u.code;
	if (strcmp(c->language, "shell") != 0)
		return;
	gh_auto_arena arena = { .max = GH_SH_TEXT + (1 << 20) };
	uint64_t size = c->src->size < GH_SH_TEXT ? c->src->size : GH_SH_TEXT;
	uint8_t *p = gh_alloc(&arena, (size_t)size + 1, 1);
	size_t n = 0;
	while (p != NULL && n < size) {
		struct gh_span w = gh_src_window(c->src, n,
						 (size_t)size - n < GH_WINDOW_MAX ? (size_t)size - n : GH_WINDOW_MAX);
		if (w.n == 0)
			break;
		memcpy(p + n, w.p, w.n);
		n += w.n;
	}
	struct judge j = { .scene = s, .at = ev->at, .mapped = ev->at.len == c->src->size };
	if (p != NULL)
		judge(&j, (struct gh_span){ p, n });
	if (p == NULL || c->src->size > GH_SH_TEXT) {
		struct gh_sh_cmd none = { 0 };
		gh_sc_say(&j, SC_LIMIT, &none, "the rest was not looked at");
	}
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	if (ev->kind == GH_EV_CODE)
		on_code(s, ev);
	else if (strcmp(ev->u.text->role, "documentation") == 0 && strcmp(s->format, "text") == 0)
		gh_shell_document(s, ev->u.text->text, ev->at);
}

const struct gh_check gh_check_shell = {
	.name = "shell-code",
	.about = "what the commands of shell scripts, build files and documents do, however they are spelt",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CODE | 1u << GH_EV_TEXT,
	.on = on,
	.rules = gh_shell_rules,
};
