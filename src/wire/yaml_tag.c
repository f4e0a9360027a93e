#include "wire/digits.h"
#include "wire/yaml_int.h"

/* Characters of names and tags: up to white space, and in flow collections up to their marks. */
static struct gh_span word(struct gh_yaml *y, bool flow)
{
	size_t from = y->at;
	while (!yaml_space(y, y->at) && !(flow && yaml_flow_mark(yaml_ch(y, y->at))))
		y->at++;
	return (struct gh_span){ y->s.p + from, y->at - from };
}

static struct gh_span name(struct gh_yaml *y)
{
	size_t from = y->at;
	while (!yaml_space(y, y->at) && !yaml_name_end(yaml_ch(y, y->at)))
		y->at++;
	return (struct gh_span){ y->s.p + from, y->at - from };
}

/* Append to the resolved tag, with %XX decoded. */
static bool put_tag(struct gh_yaml *y, struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '%' && i + 2 < s.n && gh_hex_digit(s.p[i + 1]) >= 0 && gh_hex_digit(s.p[i + 2]) >= 0) {
			c = (uint8_t)(gh_hex_digit(s.p[i + 1]) << 4 | gh_hex_digit(s.p[i + 2]));
			i += 2;
		}
		if (y->tag.n == sizeof y->tag_room)
			return false;
		y->tag_room[y->tag.n++] = c;
	}
	return true;
}

static bool resolve(struct gh_yaml *y, struct gh_span handle, struct gh_span suffix)
{
	for (unsigned i = y->nhandle; i > 0; i--) /* the last directive wins */
		if (gh_span_eq(y->handle[i - 1], handle))
			return put_tag(y, y->prefix[i - 1]) && put_tag(y, suffix);
	if (gh_span_is(handle, "!!"))
		return put_tag(y, GH_SPAN("tag:yaml.org,2002:")) && put_tag(y, suffix);
	return put_tag(y, handle) && put_tag(y, suffix);
}

static bool tag(struct gh_yaml *y, bool flow)
{
	struct gh_span t;
	y->tag = (struct gh_span){ y->tag_room, 0 };
	if (yaml_ch(y, y->at + 1) == '<') {
		size_t from = y->at + 2;
		while (!yaml_space(y, y->at) && yaml_ch(y, y->at) != '>')
			y->at++;
		if (yaml_ch(y, y->at) != '>') {
			(void)yaml_bad(y, "a tag without its end");
			return false;
		}
		t = gh_span_cut(y->s, from, y->at - from);
		y->at++;
		if (put_tag(y, t))
			return true;
	} else {
		t = word(y, flow);
		const uint8_t *mark = t.n < 2 ? NULL : memchr(t.p + 1, '!', t.n - 1);
		size_t n = mark == NULL ? 1 : (size_t)(mark - t.p) + 1;
		if (resolve(y, gh_span_cut(t, 0, n), gh_span_cut(t, n, t.n)))
			return true;
	}
	y->limit = true;
	(void)yaml_bad(y, "a tag longer than any real one");
	return false;
}

bool yaml_properties(struct gh_yaml *y, bool flow)
{
	for (;;) {
		int c = yaml_ch(y, y->at);
		if (c == '&') {
			if (y->anchor.n != 0)
				break;
			y->at++;
			y->anchor = name(y);
			if (y->anchor.n == 0) {
				(void)yaml_bad(y, "an anchor without a name");
				return false;
			}
		} else if (c == '!') {
			if (y->tag.n != 0)
				break;
			if (!tag(y, flow))
				return false;
		} else {
			return true;
		}
		if (c == '!' && !yaml_space(y, y->at) && !flow) {
			(void)yaml_bad(y, "something behind a tag or an anchor");
			return false;
		}
		while (yaml_blank(yaml_ch(y, y->at)))
			y->at++;
	}
	(void)yaml_bad(y, "two tags or anchors of one node");
	return false;
}

bool yaml_alias(struct gh_yaml *y)
{
	y->at++;
	y->text = name(y);
	y->full = y->text.n;
	y->aliases++;
	if (y->text.n != 0 && y->tag.n == 0 && y->anchor.n == 0)
		return true;
	(void)yaml_bad(y, "an alias without a name, or with a tag");
	return false;
}

/* %TAG and %YAML; other directives mean nothing to anybody. A document marker must follow. */
bool yaml_directives(struct gh_yaml *y)
{
	bool any = false;
	y->nhandle = 0;
	while (yaml_col(y) == 0 && yaml_ch(y, y->at) == '%') {
		any = true;
		struct gh_span name = word(y, false), part[2] = { { 0 } };
		for (unsigned i = 0; i < 2; i++) {
			while (yaml_blank(yaml_ch(y, y->at)))
				y->at++;
			part[i] = word(y, false);
		}
		if (gh_span_is(name, "%TAG")) {
			if (part[1].n == 0 || y->nhandle == GH_YAML_HANDLES) {
				(void)yaml_bad(y, "a %TAG directive without its parts, or too many of them");
				return false;
			}
			y->handle[y->nhandle] = part[0];
			y->prefix[y->nhandle++] = part[1];
		}
		while (y->at < y->s.n && yaml_break(y, y->at) == 0)
			y->at++;
		(void)yaml_skip(y);
	}
	if (any && !yaml_marker(y, y->at, '-')) {
		(void)yaml_bad(y, "directives without a document");
		return false;
	}
	return true;
}
