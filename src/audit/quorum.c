#include "audit/quorum.h"

#include "crypto/note_int.h"

enum { WORDS = 3 + GH_QUORUM_NAMES };

struct line {
	unsigned number;
	struct gh_span word[WORDS];
	size_t n;
};

static bool blank(uint8_t c) { return c == ' ' || c == '\t'; }

/* The words of a line; false: it holds a control character, or more words than any line can have. */
static bool split(struct gh_span s, struct line *out)
{
	out->n = 0;
	for (size_t i = 0; i < s.n;) {
		if ((s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
		if (blank(s.p[i])) {
			i++;
			continue;
		}
		size_t from = i;
		while (i < s.n && !blank(s.p[i]) && s.p[i] >= ' ' && s.p[i] != 0x7f)
			i++;
		if (out->n == WORDS)
			return false;
		out->word[out->n++] = gh_span_cut(s, from, i - from);
	}
	return true;
}

static size_t find(const struct gh_quorum *q, struct gh_span name)
{
	for (size_t i = 0; i < q->nname; i++)
		if (gh_span_is(name, q->name[i].name))
			return i;
	return SIZE_MAX;
}

static bool same_key(const struct gh_note_key *a, const struct gh_note_key *b)
{
	return a->key_n == b->key_n && memcmp(a->key, b->key, a->key_n) == 0;
}

static enum gh_rc take_key(struct gh_span vkey, bool witness, struct gh_note_key *out, struct gh_err *err)
{
	GH_TRY(gh_note_vkey_read(vkey, out, err), err, "%s", witness ? "witness" : "log");
	if (witness != (out->type == GH_NOTE_COSIG))
		return gh_fail(err, GH_E_MALFORMED, "the key of a %s cannot be of type %02x",
			       witness ? "witness" : "log", (unsigned)out->type);
	return GH_OK;
}

static enum gh_rc take_url(const struct line *l, size_t at, char url[GH_QUORUM_URL + 1], struct gh_err *err)
{
	if (l->n > at + 1)
		return gh_fail(err, GH_E_MALFORMED, "one word too many");
	if (l->n == at)
		return GH_OK;
	if (l->word[at].n > GH_QUORUM_URL)
		return gh_fail(err, GH_E_LIMIT, "the URL is too long");
	memcpy(url, l->word[at].p, l->word[at].n);
	return GH_OK;
}

static enum gh_rc add_log(struct gh_quorum *q, const struct line *l, struct gh_err *err)
{
	if (l->n < 2)
		return gh_fail(err, GH_E_MALFORMED, "log: a verifier key is wanted");
	if (q->nlog == GH_QUORUM_LOGS)
		return gh_fail(err, GH_E_LIMIT, "more than %d logs", GH_QUORUM_LOGS);
	struct gh_quorum_log *log = &q->log[q->nlog];
	GH_TRY(take_key(l->word[1], false, &log->key, err), err, "log");
	GH_TRY(take_url(l, 2, log->url, err), err, "log");
	for (size_t i = 0; i < q->nlog; i++)
		if (same_key(&q->log[i].key, &log->key))
			return gh_fail(err, GH_E_MALFORMED, "this key of a log stands there twice");
	q->nlog++;
	return GH_OK;
}

static enum gh_rc new_name(struct gh_quorum *q, struct gh_span name, struct gh_err *err)
{
	if (q->nname == GH_QUORUM_NAMES)
		return gh_fail(err, GH_E_LIMIT, "more than %d witnesses and groups", GH_QUORUM_NAMES);
	if (name.n > GH_NOTE_NAME || gh_span_is(name, "none"))
		return gh_fail(err, GH_E_MALFORMED, "a witness or group cannot have this name");
	if (find(q, name) != SIZE_MAX)
		return gh_fail(err, GH_E_MALFORMED, "this name is defined twice");
	memset(&q->name[q->nname], 0, sizeof q->name[0]);
	memcpy(q->name[q->nname].name, name.p, name.n);
	return GH_OK;
}

static enum gh_rc add_witness(struct gh_quorum *q, const struct line *l, struct gh_err *err)
{
	if (l->n < 3)
		return gh_fail(err, GH_E_MALFORMED, "witness: a name and a verifier key are wanted");
	GH_TRY(new_name(q, l->word[1], err), err, "witness");
	struct gh_quorum_name *w = &q->name[q->nname];
	GH_TRY(take_key(l->word[2], true, &w->key, err), err, "witness");
	GH_TRY(take_url(l, 3, w->url, err), err, "witness");
	for (size_t i = 0; i < q->nname; i++)
		if (!q->name[i].group && same_key(&q->name[i].key, &w->key))
			return gh_fail(err, GH_E_MALFORMED, "this key of a witness stands there twice");
	q->nname++;
	return GH_OK;
}

static enum gh_rc add_group(struct gh_quorum *q, const struct line *l, struct gh_err *err)
{
	if (l->n < 4)
		return gh_fail(err, GH_E_MALFORMED, "group: a name, all, any or a number, and members are wanted");
	GH_TRY(new_name(q, l->word[1], err), err, "group");
	struct gh_quorum_name *g = &q->name[q->nname];
	uint64_t k = 0;
	g->group = true;
	g->members = (unsigned)(l->n - 3);
	if (gh_span_is(l->word[2], "all"))
		k = g->members;
	else if (gh_span_is(l->word[2], "any"))
		k = 1;
	else if (!gh_line_number(l->word[2], &k) || k == 0 || k > g->members)
		return gh_fail(err, GH_E_MALFORMED, "group: all, any or a number from 1 to %u is wanted", g->members);
	g->need = (unsigned)k;
	for (size_t i = 3; i < l->n; i++) {
		size_t m = find(q, l->word[i]);
		if (m == SIZE_MAX)
			return gh_fail(err, GH_E_MALFORMED, "group: member %zu is not defined before", i - 2);
		if (q->name[m].parent != 0)
			return gh_fail(err, GH_E_MALFORMED, "group: %.80s is member of a group already",
				       q->name[m].name);
		q->name[m].parent = (unsigned)(1 + q->nname);
	}
	q->nname++;
	return GH_OK;
}

static enum gh_rc set_quorum(struct gh_quorum *q, const struct line *l, bool *set, struct gh_err *err)
{
	if (l->n != 2)
		return gh_fail(err, GH_E_MALFORMED, "quorum: one name is wanted");
	if (*set)
		return gh_fail(err, GH_E_MALFORMED, "quorum: it is defined twice");
	size_t m = find(q, l->word[1]);
	if (m == SIZE_MAX && !gh_span_is(l->word[1], "none"))
		return gh_fail(err, GH_E_MALFORMED, "quorum: this name is not defined before");
	*set = true;
	q->need = m == SIZE_MAX ? 0 : (unsigned)(m + 1);
	return GH_OK;
}

static enum gh_rc take_line(struct gh_quorum *q, const struct line *l, bool *set, struct gh_err *err)
{
	if (gh_span_is(l->word[0], "log"))
		return add_log(q, l, err);
	if (gh_span_is(l->word[0], "witness"))
		return add_witness(q, l, err);
	if (gh_span_is(l->word[0], "group"))
		return add_group(q, l, err);
	if (gh_span_is(l->word[0], "quorum"))
		return set_quorum(q, l, set, err);
	return gh_fail(err, GH_E_MALFORMED, "log, witness, group or quorum is wanted");
}

enum gh_rc gh_quorum_read(struct gh_span text, struct gh_quorum *out, struct gh_err *err)
{
	struct gh_span rest = text, s;
	struct line l = { 0 };
	bool set = false;
	memset(out, 0, sizeof *out);
	if (text.n > GH_QUORUM_MAX)
		return gh_fail(err, GH_E_LIMIT, "a witness policy of more than %d KiB", GH_QUORUM_MAX >> 10);
	while (rest.n > 0) {
		l.number++;
		if (!gh_line_next(&rest, &s))
			return gh_fail(err, GH_E_MALFORMED, "line %u does not end", l.number);
		if (!split(s, &l))
			return gh_fail(err, GH_E_MALFORMED, "line %u holds a control character or too many words",
				       l.number);
		if (l.n > 0 && l.word[0].p[0] != '#')
			GH_TRY(take_line(out, &l, &set, err), err, "line %u", l.number);
	}
	return set ? GH_OK : gh_fail(err, GH_E_MALFORMED, "there is no line \"quorum\"");
}

/* One of the policy's logs signed it, and the note says so in its first line. */
static enum gh_rc check_logs(const struct gh_quorum *q, const struct gh_note *note, struct gh_err *err)
{
	struct gh_checkpoint c;
	GH_TRY(gh_checkpoint_read(note->text, &c, err), err, "witness policy");
	bool good = q->nlog == 0;
	for (size_t i = 0; i < q->nlog; i++) {
		enum gh_note_said said = gh_note_check(note, &q->log[i].key, NULL);
		if (said == GH_NOTE_BAD)
			return gh_fail(err, GH_E_DENIED, "the signature of the log %.100s is wrong",
				       q->log[i].key.name);
		good |= said == GH_NOTE_GOOD && gh_span_is(c.origin, q->log[i].key.name);
	}
	return good ? GH_OK : gh_fail(err, GH_E_DENIED, "none of the logs of the witness policy signed the checkpoint");
}

enum gh_rc gh_quorum_apply(const struct gh_quorum *q, const struct gh_note *note, struct gh_quorum_answer *out,
			   struct gh_err *err)
{
	unsigned have[GH_QUORUM_NAMES] = { 0 };
	memset(out, 0, sizeof *out);
	GH_TRY(check_logs(q, note, err), err, "witness policy");
	for (size_t i = 0; i < q->nname; i++) { /* members stand before their groups */
		const struct gh_quorum_name *n = &q->name[i];
		if (n->group) {
			out->good[i] = have[i] >= n->need;
		} else {
			enum gh_note_said said = gh_note_check(note, &n->key, &out->time[i]);
			if (said == GH_NOTE_BAD)
				return gh_fail(err, GH_E_DENIED, "the cosignature of %.100s is wrong", n->key.name);
			out->good[i] = said == GH_NOTE_GOOD;
			out->witnesses += out->good[i];
		}
		if (out->good[i] && n->parent != 0)
			have[n->parent - 1]++;
	}
	out->met = q->need == 0 || out->good[q->need - 1];
	return GH_OK;
}
