/* The magic commands of IPython, of its usual extensions and of Colab: which are harmless, which go on with Python, which are
 * a shell's, which run something else. What is in no list is said. */
#include "format/notebook_int.h"
#include "format/packages.h"
#include "wire/language.h"

enum what {
	M_HARMLESS,  /* shows or sets what only the session knows */
	M_PYTHON,    /* options, then a statement */
	M_SHELL,     /* a command */
	M_ALIAS,     /* NAME and a command */
	M_ITSELF,    /* an alias for the command of that name */
	M_CAPTURE,   /* NAME=COMMAND */
	M_PACKAGES,  /* pip and its kind */
	M_ENVIRON,   /* NAME=VALUE or NAME VALUE */
	M_EXTENSION, /* a module */
	M_CONFIG,    /* NAME = EXPRESSION, which is evaluated */
	M_RUN,	     /* a file */
	M_LOAD,	     /* code from elsewhere, shown before it is run */
	M_R,	     /* R */
};
static const struct {
	enum what what;
	const char *names;
} line_magics[] = {
	{ M_HARMLESS,
	  " alias_magic autoawait autocall autoindent automagic autosave bookmark cat_ colors copy debug_ dhist dirs "
	  "doctest_mode gui hist history killbgscripts lsmagic magic man matplotlib notebook_ page pastebin_ pdb pdef "
	  "pdoc "
	  "pfile pinfo pinfo2 popd precision pprint psearch psource pushd pwd pycat pylab quickref recall rehashx "
	  "reset "
	  "reset_selective rep store subplots tb unalias unload_ext who who_ls whos xdel xmode autoreload aimport "
	  "tensorboard tensorflow_version watermark wandb dotenv sql_ bigquery_ connect_info qtconsole "
	  "skip_if_ ipytest_config cudf.pandas reload_kedro flow uv_ " },
	{ M_PYTHON,
	  " time timeit prun memit mprun lprun debug snakeviz heat scalene pyinstrument profile tb_ notify python "
	  "python3 py px " },
	{ M_SHELL, " sx system shell ! " },
	{ M_ALIAS, " alias " },
	{ M_ITSELF, " cd cat cp ls ll lf lk ldir lx mkdir mv rm rmdir less more clear " },
	{ M_CAPTURE, " sc " },
	{ M_PACKAGES, " pip conda mamba micromamba uv pip3 " },
	{ M_ENVIRON, " env set_env " },
	{ M_EXTENSION, " load_ext reload_ext " },
	{ M_CONFIG, " config " },
	{ M_RUN, " run rerun_ " },
	{ M_LOAD, " load loadpy " },
	{ M_R, " R Rpush Rpull " },
};

static const char extensions[] =
	" autoreload tensorboard tensorboard.notebook google.colab.data_table google.cloud.bigquery bigquery_magics "
	"memory_profiler line_profiler cython Cython watermark sql rpy2.ipython dotenv wandb ipytest snakeviz nb_black "
	"lab_black "
	"jupyter_black heat scalene pyinstrument nvcc_plugin nvcc4jupyter cudf.pandas cuml.accel sparkmagic.magics "
	"pycodestyle_magic jupyter_ai jupyter_ai_magics tikzmagic blackcellmagic kedro.ipython fireducks.pandas "
	"storemagic "
	"octavemagic graphistry autotime ipython-autotime autopep8 itikz manim version_information aquarel "
	"mypy_ipython ";

static bool listed(const char *list, struct gh_span w)
{
	for (const char *p = list; w.n != 0 && *p != '\0';) {
		p += strspn(p, " ");
		size_t n = strcspn(p, " ");
		if (n == w.n && memcmp(p, w.p, n) == 0)
			return true;
		p += n;
	}
	return false;
}

static int line_magic(struct gh_span name)
{
	for (size_t i = 0; i < sizeof line_magics / sizeof line_magics[0]; i++)
		if (listed(line_magics[i].names, name))
			return (int)line_magics[i].what;
	return -1;
}

bool nb_is_magic(struct gh_span name) { return line_magic(name) >= 0; }

/* ---- commands --------------------------------------------------------------------------------------------------------- */
/* pip install NAME…: packages by name, from where everybody gets them. False: something else, for the checks to judge. */
static bool installs(struct gh_notebook *nb, struct gh_span s, bool emit)
{
	static const char plain[] =
		" -q -qq -qqq -U -qU -Uq -Uqq --upgrade --quiet --user --pre --no-deps --no-cache-dir "
		"--force-reinstall "
		"--ignore-installed -v --progress-bar off --no-warn-script-location --disable-pip-version-check -y "
		"--no-build-isolation --upgrade-strategy eager ";
	struct gh_span w = nb_word(&s);
	if (gh_span_is(w, "python") || gh_span_is(w, "python3")) {
		if (!gh_span_is(nb_word(&s), "-m"))
			return false;
		w = nb_word(&s);
	}
	if ((!gh_span_is(w, "pip") && !gh_span_is(w, "pip3")) || !gh_span_is(nb_word(&s), "install"))
		return false;
	while ((s = nb_trim(s)).n != 0) {
		w = nb_word(&s);
		if (gh_span_starts(w, "-r") || gh_span_starts(w, "--requirement")) {
			if (w.n == 2 || gh_span_is(w, "--requirement"))
				(void)nb_word(&s);
			continue;
		}
		if (w.n != 0 && w.p[0] == '-') {
			if (!listed(plain, w))
				return false;
			continue;
		}
		if (gh_span_starts(w, ">") || gh_span_starts(w, "&>") || gh_span_is(w, "2>&1") ||
		    gh_span_starts(w, "2>") || gh_span_is(w, "/dev/null") || gh_span_starts(w, "#"))
			return !nb_has(s, ";") && !nb_has(s, "|") && !nb_has(s, "&&");
		struct gh_dep d = gh_dep_line(w);
		if (d.kind != GH_DEP_PACKAGE)
			return false;
		if (emit && nb->rc == GH_OK)
			nb->rc = gh_package_named(nb->w, "PyPI", gh_span_str(d.name), d.version, 0, 0);
	}
	return true;
}

void nb_shell_line(struct gh_notebook *nb, struct gh_span s)
{
	s = nb_trim(s);
	if (installs(nb, s, false)) {
		(void)installs(nb, s, true);
		return;
	}
	nb_put(nb, &nb->shell, s);
	nb_put(nb, &nb->shell, GH_SPAN("\n"));
}

static void shell_words(struct gh_notebook *nb, struct gh_span name, struct gh_span rest)
{
	nb_put(nb, &nb->shell, name);
	nb_put(nb, &nb->shell, GH_SPAN(" "));
	nb_put(nb, &nb->shell, rest);
	nb_put(nb, &nb->shell, GH_SPAN("\n"));
}

/* export NAME='VALUE' */
static void environ_of(struct gh_notebook *nb, struct gh_span s)
{
	size_t n = 0;
	while (n < s.n && s.p[n] != '=' && s.p[n] != ' ')
		n++;
	if (n == s.n)
		return; /* shows it */
	struct gh_span v = nb_trim(gh_span_cut(s, n + 1, s.n));
	nb_put(nb, &nb->shell, GH_SPAN("export "));
	nb_put(nb, &nb->shell, gh_span_cut(s, 0, n));
	nb_put(nb, &nb->shell, GH_SPAN("='"));
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != '\'')
			nb_put(nb, &nb->shell, gh_span_cut(v, i, 1));
	nb_put(nb, &nb->shell, GH_SPAN("'\n"));
}

static struct gh_span behind_options(struct gh_span s)
{
	s = nb_trim(s);
	while (s.n > 1 && s.p[0] == '-' && s.p[1] != ' ') {
		struct gh_span w = nb_word(&s);
		static const char takes[] = " -n -r -p -f -m -s -l -T -D -u -o -i -c ";
		if (w.n == 2 && listed(takes, w)) {
			struct gh_span after = s, value = nb_word(&after);
			bool call = value.n != 0 && memchr(value.p, '(', value.n) != NULL;
			s = call ? s : after;
		}
		s = nb_trim(s);
	}
	return s;
}

struct nb_magic nb_line_magic(struct gh_notebook *nb, struct gh_span name, struct gh_span rest)
{
	struct nb_magic m = { .known = true };
	switch (line_magic(name)) {
	case M_HARMLESS: break;
	case M_PYTHON: m.python = behind_options(rest); break;
	case M_SHELL: nb_shell_line(nb, rest); break;
	case M_ALIAS:
		(void)nb_word(&rest);
		if (nb_trim(rest).n != 0)
			nb_shell_line(nb, rest);
		break;
	case M_ITSELF: shell_words(nb, gh_span_starts(name, "l") ? GH_SPAN("ls") : name, rest); break;
	case M_PACKAGES: {
		struct gh_span all = { name.p, rest.n == 0 ? name.n : (size_t)(rest.p + rest.n - name.p) };
		nb_shell_line(nb, all);
		break;
	}
	case M_CAPTURE: {
		const uint8_t *eq = rest.n == 0 ? NULL : memchr(rest.p, '=', rest.n);
		nb_shell_line(nb, eq == NULL ? rest : gh_span_cut(rest, (uint64_t)(eq - rest.p) + 1, rest.n));
		break;
	}
	case M_ENVIRON: environ_of(nb, rest); break;
	case M_EXTENSION: {
		struct gh_span ext = nb_word(&rest);
		m.known = ext.n == 0 || listed(extensions, ext);
		break;
	}
	case M_CONFIG: {
		const uint8_t *eq = rest.n == 0 ? NULL : memchr(rest.p, '=', rest.n);
		if (eq != NULL)
			m.python = nb_trim(gh_span_cut(rest, (uint64_t)(eq - rest.p) + 1, rest.n));
		break;
	}
	case M_RUN:
	case M_LOAD: {
		struct gh_span file = behind_options(rest);
		m.known = file.n == 0;
		if (nb_has(file, "://") && gh_span_is(name, "run")) { /* runs what it fetches */
			shell_words(nb, GH_SPAN("curl"), gh_span_cut(file, 0, file.n));
			nb->shell.n--;
			nb_put(nb, &nb->shell, GH_SPAN(" | python3\n"));
		}
		break;
	}
	case M_R: /* R in a line */
	default:
		m.known = false;
		if (rest.n != 0 && memchr(rest.p, '(', rest.n) != NULL)
			m.python = rest;
		break;
	}
	return m;
}

/* ---- magics of cells -------------------------------------------------------------------------------------------------- */
enum cell_what {
	C_AGAIN,   /* the body is a cell; what stands behind the name is Python */
	C_OPTIONS, /* the body is a cell; only options stand behind the name */
	C_PYTHON,
	C_SHELL,
	C_SCRIPT, /* a command that gets the body */
	C_WRITE,
	C_CODE, /* of another language */
	C_SHOWN,
	C_HARMLESS,
};
static const struct {
	enum cell_what what;
	const char *names, *language;
} cell_magics[] = {
	{ C_AGAIN, " time timeit prun debug ", NULL },
	{ C_OPTIONS,
	  " capture memit mprun lprun heat scalene pyinstrument snakeviz notify wandb track_emissions ipytest "
	  "run_pytest "
	  "pycodestyle black cudf.pandas.profile cudf.pandas.line_profile tb skip_if profile autopep8 mypy flow tee ",
	  NULL },
	{ C_PYTHON, " python python3 python2 pypy pypy3 py px ", NULL },
	{ C_SHELL, " bash sh shell system sx ! zsh ksh dash ", NULL },
	{ C_SCRIPT, " script ", NULL },
	{ C_WRITE, " writefile file ", NULL },
	{ C_CODE, " javascript js ", "JavaScript source" },
	{ C_CODE, " perl ", "Perl source" },
	{ C_CODE, " ruby ", "Ruby source" },
	{ C_CODE, " R ", "R source" },
	{ C_CODE, " cmd ", "batch file" },
	{ C_CODE, " powershell pwsh ", "PowerShell script" },
	{ C_CODE, " node deno ts ", "JavaScript source" },
	{ C_CODE, " php ", "PHP source" },
	{ C_CODE, " lua ", "Lua source" },
	{ C_CODE,
	  " cu cuda cpp c nvcc_plugin cython cython_inline cython_pyximport fortran julia octave matlab go rust ",
	  "source code" },
	{ C_SHOWN, " html svg HTML SVG ", NULL },
	{ C_HARMLESS, " latex markdown sql bigquery spark_sql mermaid tikz dot ", NULL },
};

static int cell_magic(struct gh_span name, const char **language)
{
	for (size_t i = 0; i < sizeof cell_magics / sizeof cell_magics[0]; i++)
		if (listed(cell_magics[i].names, name)) {
			*language = cell_magics[i].language;
			return (int)cell_magics[i].what;
		}
	return -1;
}

static void foreign(struct gh_notebook *nb, const char *language, struct gh_span body)
{
	struct gh_src_mem mem;
	struct gh_code c = { .language = language, .name = nb->w->name, .src = gh_src_mem(&mem, body) };
	if (nb_trim(body).n == 0 || nb->rc != GH_OK)
		return;
	if (nb->odd++ < NB_SAY)
		gh_anomaly(nb->w, &nb->rules[GH_NB_KERNEL], 0, nb->size, "a cell of %s", language);
	nb->rc = gh_emit(nb->w, GH_EV_CODE, 0, nb->size, &c);
}

/* The body as the input of a command: a here-document with an end that does not occur in it. */
static void fed(struct gh_notebook *nb, struct gh_span command, struct gh_span body)
{
	char end[32] = "EndOfCell";
	for (size_t n = 9; n < sizeof end - 1 && nb_has(body, end); n++)
		end[n] = 'X', end[n + 1] = '\0';
	nb_put(nb, &nb->shell, command);
	nb_put(nb, &nb->shell, GH_SPAN(" <<'"));
	nb_put(nb, &nb->shell, gh_span_str(end));
	nb_put(nb, &nb->shell, GH_SPAN("'\n"));
	nb_put(nb, &nb->shell, body);
	if (body.n == 0 || body.p[body.n - 1] != '\n')
		nb_put(nb, &nb->shell, GH_SPAN("\n"));
	nb_put(nb, &nb->shell, gh_span_str(end));
	nb_put(nb, &nb->shell, GH_SPAN("\n"));
}

static void script(struct gh_notebook *nb, struct gh_span line, struct gh_span body)
{
	static const char takes[] = " --out --err --proc ";
	for (line = nb_trim(line); line.n != 0 && line.p[0] == '-'; line = nb_trim(line)) {
		struct gh_span w = nb_word(&line);
		if (listed(takes, w))
			(void)nb_word(&line);
	}
	struct gh_span rest = line, name = nb_word(&rest);
	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '/') {
			name = gh_span_cut(name, i + 1, name.n);
			break;
		}
	if (gh_span_is(name, "env"))
		name = nb_word(&rest);
	const char *language = NULL;
	int what = cell_magic(name, &language);
	if (gh_span_is(name, "false") || gh_span_is(name, "echo") || gh_span_is(name, "true") || gh_span_is(name, ":"))
		return; /* how people switch a cell off */
	if (what == C_PYTHON)
		nb_python(nb, body);
	else if (what == C_CODE)
		foreign(nb, language, body);
	else
		fed(nb, line, body);
}

/* A file that running the cell makes: a member of its own, and known to the commands of other cells. */
static void writes(struct gh_notebook *nb, struct gh_span line, struct gh_span body)
{
	bool append = false;
	for (line = nb_trim(line); line.n != 0 && line.p[0] == '-'; line = nb_trim(line)) {
		struct gh_span w = nb_word(&line);
		append = append || gh_span_is(w, "-a") || gh_span_is(w, "--append");
	}
	if (line.n > 1 && (line.p[0] == '"' || line.p[0] == '\'') && line.p[line.n - 1] == line.p[0])
		line = gh_span_cut(line, 1, line.n - 2);
	uint8_t room[512];
	size_t n = 0;
	static const char to[2][8] = { "cat > ", "cat >> " };
	memcpy(room, to[append], strlen(to[append]));
	n = strlen(to[append]);
	for (size_t i = 0; i < line.n && n + 2 < sizeof room; i++) {
		uint8_t c = line.p[i];
		bool plain = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		if (!plain && memchr("0123456789_-./~", c, 15) == NULL)
			room[n++] = '\\';
		room[n++] = line.p[i];
	}
	fed(nb, (struct gh_span){ room, n }, body);
	if (body.n == 0 || nb->rc != GH_OK)
		return;
	struct gh_src_mem mem;
	struct gh_member m = {
		.how = GH_MEMBER_FILE, .name = line, .role = "file that a cell writes", .src = gh_src_mem(&mem, body)
	};
	nb->rc = gh_emit(nb->w, GH_EV_MEMBER, 0, nb->size, &m);
}

bool nb_cell_magic(struct gh_notebook *nb, struct gh_span *cell)
{
	const uint8_t *nl = memchr(cell->p, '\n', cell->n);
	size_t n = nl == NULL ? cell->n : (size_t)(nl - cell->p);
	struct gh_span line = gh_span_cut(*cell, 2, n - 2), body = gh_span_cut(*cell, n + 1, cell->n),
		       name = nb_word(&line);
	const char *language = NULL;
	static const char *const active[] = { "<script", "javascript:", "<iframe", "srcdoc=", " onerror=", " onload=" };
	line = nb_trim(line);
	switch (cell_magic(name, &language)) {
	case C_AGAIN:
		line = behind_options(line);
		nb_put(nb, &nb->code, line);
		if (line.n != 0)
			nb_put(nb, &nb->code, GH_SPAN("\n"));
		*cell = body;
		return false;
	case C_OPTIONS: *cell = body; return false;
	case C_PYTHON: nb_python(nb, body); return true;
	case C_SHELL:
		nb_put(nb, &nb->shell, body);
		nb_put(nb, &nb->shell, GH_SPAN("\n"));
		if (gh_span_is(name, "sx") || gh_span_is(name, "system") || gh_span_is(name, "!"))
			nb_shell_line(nb, line); /* the first line is a command as well */
		return true;
	case C_SCRIPT: script(nb, line, body); return true;
	case C_WRITE: writes(nb, line, body); return true;
	case C_CODE: foreign(nb, language, body); return true;
	case C_SHOWN:
		for (size_t i = 0; i < sizeof active / sizeof active[0]; i++)
			if (nb_has(body, active[i]) && nb->said++ < NB_SAY) {
				gh_anomaly(nb->w, &nb->rules[GH_NB_ACTIVE], 0, nb->size, "%s in a cell that is shown",
					   active[i]);
				break;
			}
		return true;
	case C_HARMLESS: return true;
	default: break;
	}
	if (nb->odd++ < NB_SAY)
		gh_anomaly(nb->w, &nb->rules[GH_NB_MAGIC], 0, nb->size, "%%%%%s", gh_safe(name).s);
	*cell = body; /* whatever it is, it may be Python */
	return false;
}
