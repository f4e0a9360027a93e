/* `gatehouse formats`: printed from the table of formats, so it cannot say more than the program does. */
#include "cli/cmds.h"
#include "format/format.h"
#include "wire/jout.h"
#include "scan/text_out.h"

struct args {
	unsigned format;
};
static const struct gh_opt options[] = { GH_OPT_FORMAT(struct args), { .name = NULL } };

static void as_json(struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_open(&j, "formats", '[');
	for (size_t i = 0; i < gh_fmts_n; i++) {
		const struct gh_fmt *f = gh_fmts[i];
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "name", f->name);
		gh_jout_str(&j, "about", f->about);
		gh_jout_words(&j, "extensions", f->exts);
		gh_jout_bool(&j, "read", f->walk != NULL);
		gh_jout_str(&j, "refines", f->over);
		gh_jout_open(&j, "rules", '[');
		for (const struct gh_rule *r = f->rules; r != NULL && r->id != NULL; r++)
			gh_jout_str(&j, NULL, r->id);
		gh_jout_close(&j, ']');
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}

static void one_text(struct gh_pen *p, const struct gh_fmt *f, unsigned wide)
{
	gh_auto_buf text = gh_buf(4096);
	gh_buf_str(&text, f->about);
	const char *ext = f->exts;
	for (bool first = true; *(ext += strspn(ext, " ")) != '\0'; first = false) {
		int n = (int)strcspn(ext, " ");
		gh_buf_fmt(&text, "%s.%.*s", first ? " (" : " ", n, ext);
		ext += n;
		if (*(ext + strspn(ext, " ")) == '\0')
			gh_buf_ch(&text, ')');
	}
	gh_pen_spaces(p, 2);
	gh_pen_put(p, GH_BOLD, f->name, 2);
	gh_pen_spaces(p, p->col < wide ? wide - p->col : 2);
	gh_pen_put(p, GH_PLAIN, gh_buf_cstr(&text), wide);
	gh_pen_end(p);
}

static void as_text(struct gh_pen *p)
{
	static const struct {
		bool read;
		const char *title;
	} part[] = {
		{ true, "Read to the last byte:" },
		{ false, "Recognised but not read, so the verdict is INCOMPLETE:" },
	};
	unsigned wide = 0;
	for (size_t i = 0; i < gh_fmts_n; i++)
		if (strlen(gh_fmts[i]->name) + 4 > wide)
			wide = (unsigned)strlen(gh_fmts[i]->name) + 4;
	bool any = false;
	for (size_t k = 0; k < sizeof part / sizeof part[0]; k++) {
		bool titled = false;
		for (size_t i = 0; i < gh_fmts_n; i++) {
			if ((gh_fmts[i]->walk != NULL) != part[k].read)
				continue;
			if (!titled && any)
				gh_pen_end(p);
			if (!titled)
				gh_pen_line(p, GH_PLAIN, 0, part[k].title);
			titled = any = true;
			one_text(p, gh_fmts[i], wide);
		}
	}
	gh_pen_end(p);
	gh_pen_line(p, GH_DIM, 0,
		    "A format is recognised by its content, never by its name. Anything else is INCOMPLETE as well.");
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	gh_auto_buf out = gh_buf(16 << 20);
	if (a.format == GH_FORMAT_JSON)
		as_json(&out);
	else
		as_text(&(struct gh_pen){ .b = &out, .colour = cli->out_tty && !cli->plain, .width = cli->columns });
	return gh_cli_print(cli, &out);
}

const struct gh_cmd gh_cmd_formats = {
	.name = "formats",
	.about = "List the file formats that are read.",
	.usage = "[OPTION]...",
	.opts = options,
	.run = run,
};
