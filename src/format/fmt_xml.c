/* XML: PMML, OpenVINO, OpenCV, SVG and whatever else is stored as XML. What programs that read XML do by themselves
 * (external entities, expansion, inclusion, style sheets, objects made from element names) is said here for every document alike;
 * what the elements of a model mean goes out as events. */
#include "format/formats.h"
#include "format/signs.h"
#include "wire/recs.h"
#include "wire/xml.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	SAY = 16,
	ENTITIES = 4096,
	EXPANDED = 1 << 20, /* what the entities of a document may become together */
	TEXT = 4096,	    /* of a text or value that is looked at */
	TEXTS = 4096,
	FUNCTIONS = 4096,
};

enum {
	A_XML,
	A_DEPTH,
	A_EXTERNAL,
	A_DTD,
	A_BOMB,
	A_ENTITY,
	A_INCLUDE,
	A_STYLE,
	A_SCRIPT,
	A_OBJECT,
	A_ENCODING,
	A_REMOTE,
	A_ACTIVE,
	A_PLACE,
	A_SIGN,
	RULES = A_SIGN + GH_SIGNS
};

static const struct gh_rule rules[] = {
	[A_XML] = { "GH-XML-0001", GH_MEDIUM, GH_REVIEW, "Not well-formed XML",
		    "Lenient and strict readers see different documents.", "Get the file again; check what reads it.",
		    "CWE-20 CWE-436" },
	[A_DEPTH] = { "GH-XML-0002", GH_MEDIUM, GH_INCOMPLETE, "Larger or deeper than can be read",
		      "Readers that recurse run out of stack.", "Do not load; no real document is built like that.",
		      "CWE-674" },
	[A_EXTERNAL] = { "GH-XML-0003", GH_CRITICAL, GH_UNSAFE, "External entity",
			 "A reader that resolves it opens files of the machine or addresses of its network, and gives "
			 "away what it finds.",
			 "Do not load the file; configure the reader to refuse document types.", "CWE-611 CWE-918" },
	[A_DTD] = { "GH-XML-0004", GH_MEDIUM, GH_REVIEW, "Document type that is fetched from elsewhere",
		    "A validating reader contacts the address, and what it gets there may declare entities.",
		    "Remove the document type.", "CWE-611 CWE-829" },
	[A_BOMB] = { "GH-XML-0005", GH_HIGH, GH_UNSAFE, "Entities that multiply",
		     "Reading the document exhausts the memory of whoever opens it.", "Do not load the file.",
		     "CWE-776" },
	[A_ENTITY] = { "GH-XML-0006", GH_MEDIUM, GH_REVIEW, "Entities that hide markup or refer to others unknown",
		       "What the document says depends on the reader.", "Write the text where it belongs.",
		       "CWE-436 CWE-776" },
	[A_INCLUDE] = { "GH-XML-0007", GH_HIGH, GH_UNSAFE, "Inclusion of another file or address",
			"A reader with XInclude opens it, and gives away what it finds.",
			"Do not load the file with inclusion enabled.", "CWE-611 CWE-918" },
	[A_STYLE] = { "GH-XML-0008", GH_MEDIUM, GH_REVIEW, "Style sheet that is fetched or run with the document",
		      "A transformation may read files and call code.", "Remove the instruction.", "CWE-829 CWE-94" },
	[A_SCRIPT] = { "GH-XML-0009", GH_HIGH, GH_UNSAFE, "Script in a picture or a document",
		       "Whoever opens it in a browser runs the author's script, in the session of the page that shows "
		       "it.",
		       "Do not publish or open it; convert pictures to pixels.", "CWE-79 CWE-80" },
	[A_OBJECT] = { "GH-XML-0010", GH_CRITICAL, GH_UNSAFE, "Makes objects or runs commands when it is read",
		       "Libraries that turn XML into objects call what the document names.", "Do not load the file.",
		       "CWE-502 CWE-94" },
	[A_ENCODING] = { "GH-XML-0011", GH_MEDIUM, GH_REVIEW, "Declares another encoding than it is in",
			 "A reader that believes the declaration sees another document.", "Store it as UTF-8.",
			 "CWE-436 CWE-838" },
	[A_REMOTE] = { "GH-XML-0012", GH_MEDIUM, GH_REVIEW, "Content that is fetched when the document is shown",
		       "The author learns who opens it, and may change what they see.", "Embed what is needed.",
		       "CWE-829" },
	[A_ACTIVE] = { "GH-XML-0013", GH_MEDIUM, GH_REVIEW, "Page with active content",
		       "Whoever opens it in a browser runs the author's script.",
		       "Read the script; show the page only where it can reach nothing.", "CWE-79" },
	[A_PLACE] = { "GH-XML-0014", GH_HIGH, GH_UNSAFE, "Constant of a graph at a place that cannot be",
		      "A reader that trusts the place reads memory that is not its own.", "Do not load the model.",
		      "CWE-125 CWE-190" },
	GH_SIGN_RULES("GH-XML", A_SIGN),
	[RULES] = GH_RULES_END,
};

enum dialect { OTHER, PMML, OPENVINO, SVG, PAGE, STYLE };

struct doc {
	struct gh_walk *w;
	struct gh_xml x;
	enum dialect dialect;
	struct gh_recs entities;  /* a: hash of the name, b: what it expands to, bytes */
	struct gh_recs functions; /* a: hash of a name that a PMML document defines */
	uint64_t expanded;
	unsigned said[RULES], texts;
	bool own_dtd;		/* a document type elsewhere may declare entities */
	struct gh_span weights; /* OpenVINO: name of the file with the constants */
};

static void say(struct doc *d, unsigned a, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void say(struct doc *d, unsigned a, const char *fmt, ...)
{
	char text[300];
	va_list ap;
	if (d->said[a]++ >= SAY)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(d->w, &rules[a], d->x.off, d->x.len, "%s", text);
}

static struct gh_span more(void *ctx, uint64_t off, size_t want)
{
	struct doc *d = ctx;
	return off >= d->w->src->size ? (struct gh_span){ 0 } : gh_src_window(d->w->src, off, want);
}

static uint64_t hash(struct gh_span s) { return gh_hash_end(gh_hash(GH_HASH_START, s)); }
static bool holds(struct gh_span s, const char *what)
{
	return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static bool is_any(struct gh_span s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (gh_span_is(s, list[i]))
			return true;
	return false;
}
#define IS_ANY(s, list) is_any((s), (list), sizeof(list) / sizeof((list)[0]))

/* ---- document type ----------------------------------------------------------------------------------------------------- */

static void on_doctype(struct doc *d)
{
	static const char *const known[] = { "http://www.w3.org/",
					     "https://www.w3.org/",
					     "http://www.apple.com/DTDs/",
					     "https://www.apple.com/DTDs/",
					     "http://www.oasis-open.org/docbook/",
					     "http://www.freedesktop.org/",
					     "http://java.sun.com/",
					     "http://openoffice.org/",
					     "http://docbook.org/" };
	if (!d->x.external)
		return;
	d->own_dtd = true;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (gh_span_starts(d->x.value, known[i]))
			return;
	/* The name of a file beside it: what stands there is scanned too. */
	if (d->x.value.n != 0 && memchr(d->x.value.p, '/', d->x.value.n) == NULL &&
	    memchr(d->x.value.p, ':', d->x.value.n) == NULL && memchr(d->x.value.p, '\\', d->x.value.n) == NULL)
		return;
	say(d, A_DTD, "%s", gh_safe(d->x.value).s);
}

/* What a reference to this entity becomes; 0: not known (yet). */
static uint64_t expansion(const struct doc *d, struct gh_span name)
{
	uint64_t h = hash(name);
	for (size_t i = 0; i < d->entities.n; i++)
		if (gh_recs_at(&d->entities, i)->a == h)
			return gh_recs_at(&d->entities, i)->b + 1;
	return 0;
}

static void on_entity(struct doc *d)
{
	if (d->x.external) {
		say(d, A_EXTERNAL, "entity \"%s\" is %s", gh_safe(d->x.name).s, gh_safe(d->x.value).s);
		(void)gh_recs_add(&d->entities, (struct gh_rec){ hash(d->x.name), 0, 0 });
		return;
	}
	uint64_t size = d->x.value.n;
	size_t at = 0;
	struct gh_span name;
	bool odd = memchr(d->x.value.p, '<', d->x.value.n) != NULL || holds(d->x.value, "&#60;") ||
		   holds(d->x.value, "&#x3c;") || holds(d->x.value, "&#x3C;") || d->x.parameter;
	while (gh_xml_reference(d->x.value, &at, &name)) {
		uint64_t e = expansion(d, name);
		odd = odd || e == 0; /* declared later: readers may meet it in a circle */
		size = size > EXPANDED ? size : size + e;
	}
	if (size > EXPANDED)
		say(d, A_BOMB, "entity \"%s\" becomes more than %u bytes", gh_safe(d->x.name).s, (unsigned)EXPANDED);
	if (odd)
		say(d, A_ENTITY, "entity \"%s\"", gh_safe(d->x.name).s);
	if (!gh_recs_add(&d->entities, (struct gh_rec){ hash(d->x.name), size, 0 }))
		say(d, A_DEPTH, "more entities than can be followed");
}

static void on_references(struct doc *d, struct gh_span s)
{
	size_t at = 0;
	struct gh_span name;
	while (gh_xml_reference(s, &at, &name)) {
		uint64_t e = expansion(d, name);
		if (e == 0 && !d->own_dtd)
			say(d, A_ENTITY, "\"%s\" is not declared", gh_safe(name).s);
		d->expanded += e;
		if (d->expanded > EXPANDED && d->said[A_BOMB] == 0)
			say(d, A_BOMB, "the references of the document become more than %u bytes", (unsigned)EXPANDED);
	}
}

/* ---- what every document may hold ------------------------------------------------------------------------------------ */

/* Elements by which some library makes objects or runs commands, whatever else the document is. attr, value: NULL for any. */
static const struct {
	const char *element, *attr, *value;
} objects[] = {
	{ "java", "class", "java.beans.XMLDecoder" }, /* java.beans.XMLEncoder */
	{ "dynamic-proxy", NULL, NULL },	      /* XStream */
	{ "sorted-set", "serialization", "custom" },
	{ "ObjectDataProvider", "MethodName", NULL }, /* XAML */
	{ "ObjectDataProvider", "ObjectType", NULL },
	{ "UsingTask", NULL, NULL }, /* MSBuild */
	{ "Exec", "Command", NULL },
	{ "exec", "executable", NULL },	   /* Ant */
	{ "bean", "class", "java.lang." }, /* Spring */
	{ "bean", "class", "javax.script." },
	{ "bean", "factory-method", NULL },
	{ "objdump", NULL, NULL },
};

static const char *const java_packages[] = { "java.lang.", "java.util.PriorityQueue", "java.beans.", "javax.", "sun.",
					     "com.sun.",   "org.springframework.",    "org.apache.", "jdk." };

static void on_object(struct doc *d, struct gh_span local)
{
	struct gh_span name, value;
	for (size_t k = 0; k < sizeof java_packages / sizeof java_packages[0]; k++)
		if (gh_span_starts(d->x.name, java_packages[k]))
			say(d, A_OBJECT, "element %s", gh_safe(d->x.name).s);
	for (size_t k = 0; k < sizeof objects / sizeof objects[0]; k++) {
		if (!gh_span_is(local, objects[k].element))
			continue;
		bool hit = objects[k].attr == NULL;
		for (size_t at = 0; !hit && gh_xml_attr(&d->x, &at, &name, &value);)
			hit = gh_span_is(gh_xml_local(name), objects[k].attr) &&
			      (objects[k].value == NULL || gh_span_starts(value, objects[k].value));
		if (hit)
			say(d, A_OBJECT, "element %s", gh_safe(d->x.name).s);
	}
}

/* Name spaces whose elements call code of the machine. */
static void on_namespace(struct doc *d, struct gh_span uri)
{
	static const char *const calls[] = { "http://xml.apache.org/xalan/java",
					     "http://xml.apache.org/xslt/java",
					     "xalan://",
					     "http://saxon.sf.net/",
					     "urn:schemas-microsoft-com:xslt",
					     "http://exslt.org/common/document",
					     "java:",
					     "http://php.net/xsl",
					     "clr-namespace:System.Diagnostics" };
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (gh_span_starts(uri, calls[i]))
			say(d, A_OBJECT, "name space %s", gh_safe(uri).s);
}

/* The value without blanks and control characters at its start, as browsers read an address. */
static bool is_script_address(struct gh_span raw)
{
	uint8_t buf[64];
	size_t n = gh_xml_decode(gh_span_cut(raw, 0, 256), buf, sizeof buf), m = 0;
	char word[16] = "";
	for (size_t i = 0; i < n && m + 1 < sizeof word; i++)
		if (buf[i] > 0x20)
			word[m++] = (char)(buf[i] >= 'A' && buf[i] <= 'Z' ? buf[i] | 0x20 : buf[i]);
	return strncmp(word, "javascript:", 11) == 0 || strncmp(word, "vbscript:", 9) == 0 ||
	       strncmp(word, "data:text/html", 14) == 0;
}

static bool is_remote(struct gh_span v)
{
	return gh_span_starts(v, "http://") || gh_span_starts(v, "https://") || gh_span_starts(v, "//") ||
	       gh_span_starts(v, "ftp://") || gh_span_starts(v, "file:") || gh_span_starts(v, "\\\\");
}

static void on_picture(struct doc *d, struct gh_span local)
{
	static const char *const loads[] = { "image",  "use",	"feImage", "script", "foreignObject",
					     "iframe", "style", "object",  "embed" };
	struct gh_span name, value;
	unsigned script = d->dialect == PAGE ? A_ACTIVE : A_SCRIPT; /* a picture needs none, a page may */
	if (gh_span_is(local, "script") || gh_span_is(local, "handler") || gh_span_is(local, "iframe"))
		say(d, script, "element %s", gh_safe(d->x.name).s);
	for (size_t at = 0; gh_xml_attr(&d->x, &at, &name, &value);) {
		struct gh_span a = gh_xml_local(name);
		bool link = gh_span_is(a, "href") || gh_span_is(a, "src") || gh_span_is(a, "data");
		if (a.n > 4 && (a.p[0] | 0x20) == 'o' && (a.p[1] | 0x20) == 'n' && a.n == name.n)
			say(d, script, "%s of %s", gh_safe(a).s, gh_safe(d->x.name).s);
		else if ((link || gh_span_is(a, "to") || gh_span_is(a, "values") || gh_span_is(a, "from")) &&
			 is_script_address(value))
			say(d, script, "%s of %s is %s", gh_safe(a).s, gh_safe(d->x.name).s, gh_safe(value).s);
		else if (link && is_remote(value) && IS_ANY(local, loads))
			say(d, A_REMOTE, "%s", gh_safe(value).s);
	}
}

static void on_common(struct doc *d, struct gh_span local)
{
	struct gh_span name, value;
	if (gh_span_is(local, "include") || gh_span_is(local, "fallback"))
		for (size_t at = 0; gh_xml_attr(&d->x, &at, &name, &value);)
			if (gh_span_is(name, "href"))
				say(d, A_INCLUDE, "%s", gh_safe(value).s);
	for (size_t at = 0; gh_xml_attr(&d->x, &at, &name, &value);) {
		on_references(d, value);
		bool opens = d->dialect == STYLE && (holds(value, "document(") || holds(value, "unparsed-text(") ||
						     holds(value, "collection(") || holds(value, "doc("));
		if (opens)
			say(d, A_INCLUDE, "%s", gh_safe(value).s);
		if (gh_span_starts(name, "xmlns"))
			on_namespace(d, value);
		else if (value.n >= 16 && value.n <= TEXT)
			(void)gh_signs_report(d->w, rules, A_SIGN, name, value, d->x.off, d->x.len);
	}
	on_object(d, local);
}

/* ---- models --------------------------------------------------------------------------------------------------------- */

static enum gh_rc operation(struct doc *d, const char *system, struct gh_span module, struct gh_span name)
{
	struct gh_call c = { .how = GH_CALL_OPERATION,
			     .system = system,
			     .module = module,
			     .name = name,
			     .as_module = module,
			     .as_name = name,
			     .resolved = true };
	return gh_emit(d->w, GH_EV_CALL, d->x.off, d->x.len, &c);
}

static struct gh_span attr(const struct doc *d, const char *which)
{
	struct gh_span name, value;
	for (size_t at = 0; gh_xml_attr(&d->x, &at, &name, &value);)
		if (gh_span_is(name, which))
			return value;
	return (struct gh_span){ 0 };
}

static bool number(struct gh_span s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i == 18)
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n != 0;
}

static enum gh_rc reference(struct doc *d, enum gh_ref_kind kind, struct gh_span target, struct gh_span from,
			    struct gh_range data)
{
	struct gh_reference r = { .kind = kind, .target = target, .from = from, .data = data };
	return gh_emit(d->w, GH_EV_REFERENCE, d->x.off, d->x.len, &r);
}

/* OpenVINO IR: <layer type= version=>, its constants as <data offset= size=> in the .bin file of the same name. */
static enum gh_rc on_openvino(struct doc *d, struct gh_span local)
{
	struct gh_span name, value;
	enum gh_rc rc = GH_OK;
	for (size_t at = 0; rc == GH_OK && gh_xml_attr(&d->x, &at, &name, &value);)
		if (gh_span_is(name, "library") || gh_span_is(name, "extension") || gh_span_is(name, "plugin") ||
		    gh_span_ends(value, ".so") || gh_span_ends(value, ".dll") || gh_span_ends(value, ".dylib"))
			rc = reference(d, GH_REF_PATH, value, GH_SPAN("extension library"), (struct gh_range){ 0 });
	if (rc != GH_OK)
		return rc;
	if (gh_span_is(local, "layer"))
		return operation(d, "openvino", attr(d, "version"), attr(d, "type"));
	uint64_t off = 0, size = 0;
	struct gh_span at = attr(d, "offset"), len = attr(d, "size");
	if (!gh_span_is(local, "data") || at.n == 0)
		return GH_OK;
	if (!number(at, &off) || !number(len, &size))
		say(d, A_PLACE, "%s bytes at %s", gh_safe(len).s, gh_safe(at).s);
	else if (size != 0)
		return reference(d, GH_REF_DATA, d->weights, GH_SPAN("constants"), (struct gh_range){ off, size });
	return GH_OK;
}

static enum gh_rc on_pmml(struct doc *d, struct gh_span local)
{
	struct gh_span name = attr(d, "function");
	if (gh_span_is(local, "DefineFunction")) {
		(void)gh_recs_add(&d->functions, (struct gh_rec){ hash(attr(d, "name")), 0, 0 });
		return GH_OK;
	}
	if (gh_span_is(local, "TableLocator") || gh_span_is(local, "X-ODM"))
		return reference(d, GH_REF_PATH, d->x.name, GH_SPAN("a table elsewhere"), (struct gh_range){ 0 });
	if (!gh_span_is(local, "Apply") || name.n == 0)
		return GH_OK;
	for (size_t i = 0; i < d->functions.n; i++)
		if (gh_recs_at(&d->functions, i)->a == hash(name))
			return GH_OK;
	return operation(d, "pmml", (struct gh_span){ 0 }, name);
}

static void on_root(struct doc *d, struct gh_span local)
{
	if (gh_span_is(local, "PMML"))
		d->dialect = PMML;
	else if (gh_span_is(local, "net"))
		d->dialect = OPENVINO;
	else if (gh_span_is(local, "svg"))
		d->dialect = SVG;
	else if (gh_span_is(local, "html"))
		d->dialect = PAGE;
	else if (gh_span_is(local, "stylesheet") || gh_span_is(local, "transform"))
		d->dialect = STYLE;
}

static enum gh_rc on_start(struct doc *d)
{
	struct gh_span local = gh_xml_local(d->x.name);
	if (d->x.depth == 0)
		on_root(d, local);
	on_common(d, local);
	bool foreign = local.n != d->x.name.n || gh_span_is(local, "script") || gh_span_is(local, "svg");
	if (d->dialect == SVG || d->dialect == PAGE || foreign)
		on_picture(d, local);
	switch (d->dialect) {
	case OPENVINO: return on_openvino(d, local);
	case PMML: return on_pmml(d, local);
	case SVG:
	case PAGE:
	case STYLE:
	case OTHER: break;
	}
	return GH_OK;
}

/* ---- text -------------------------------------------------------------------------------------------------------------- */

/* Numbers and nothing else: cascades and tables hold megabytes of them. */
static bool numeric(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] > '9' && s.p[i] != 'e' && s.p[i] != 'E')
			return false;
	return true;
}

static enum gh_rc on_text(struct doc *d, const char *role)
{
	struct gh_span v = d->x.value;
	if (v.n < 8 || numeric(v))
		return GH_OK;
	on_references(d, v);
	for (size_t at = 0; at < v.n; at += TEXT)
		(void)gh_signs_report(d->w, rules, A_SIGN, (struct gh_span){ 0 }, gh_span_cut(v, at, TEXT), d->x.off,
				      d->x.len);
	if (d->texts++ >= TEXTS)
		return GH_OK;
	struct gh_text t = { .role = role, .text = v };
	return gh_emit(d->w, GH_EV_TEXT, d->x.off, d->x.len, &t);
}

static void on_decl(struct doc *d)
{
	static const char *const fine[] = { "utf-8",	   "UTF-8",	   "utf8",	  "UTF8",	"us-ascii",
					    "US-ASCII",	   "ascii",	   "ASCII",	  "iso-8859-1", "ISO-8859-1",
					    "ISO-8859-15", "windows-1252", "Windows-1252" };
	const uint8_t *e = d->x.value.n == 0 ? NULL : memmem(d->x.value.p, d->x.value.n, "encoding", 8);
	if (e == NULL)
		return;
	struct gh_span s = gh_span_cut(d->x.value, (uint64_t)(e - d->x.value.p) + 8, 64);
	const uint8_t *q = s.n == 0 ? NULL : memchr(s.p, '"', s.n), *a = s.n == 0 ? NULL : memchr(s.p, '\'', s.n);
	q = q == NULL || (a != NULL && a < q) ? a : q;
	const uint8_t *end = q == NULL ? NULL : memchr(q + 1, *q, (size_t)(s.p + s.n - q) - 1);
	struct gh_span name = end == NULL ? s : (struct gh_span){ q + 1, (size_t)(end - q) - 1 };
	if (!IS_ANY(name, fine))
		say(d, A_ENCODING, "%s", gh_safe(name).s);
}

static void on_instruction(struct doc *d)
{
	if (gh_span_is(d->x.name, "xml-stylesheet"))
		say(d, A_STYLE, "%s", gh_safe(d->x.value).s);
	else if (gh_span_is(d->x.name, "php"))
		say(d, A_OBJECT, "PHP code");
}

/* ---- the walk ------------------------------------------------------------------------------------------------------------ */

static enum gh_rc on_token(struct doc *d)
{
	switch (d->x.tok) {
	case GH_XML_DECL: on_decl(d); break;
	case GH_XML_PI: on_instruction(d); break;
	case GH_XML_DOCTYPE: on_doctype(d); break;
	case GH_XML_ENTITY: on_entity(d); break;
	case GH_XML_DECLARATION:
		if (d->x.external)
			say(d, A_DTD, "a notation or a type");
		break;
	case GH_XML_PE_REFERENCE: say(d, A_ENTITY, "%%%s;", gh_safe(d->x.name).s); break;
	case GH_XML_START: return on_start(d);
	case GH_XML_COMMENT: return on_text(d, "comment");
	case GH_XML_TEXT:
	case GH_XML_CDATA: return on_text(d, "metadata");
	case GH_XML_END_TAG:
	case GH_XML_END:
	case GH_XML_BAD: break;
	}
	return GH_OK;
}

/* "model.bin" beside "model.xml". */
static struct gh_span beside(struct gh_walk *w)
{
	struct gh_span n = w->name;
	size_t slash = n.n;
	while (slash > 0 && n.p[slash - 1] != '/')
		slash--;
	n = gh_span_cut(n, slash, n.n);
	if (!gh_span_ends(n, ".xml"))
		return GH_SPAN("model.bin");
	uint8_t *p = gh_alloc(w->arena, 1, n.n);
	if (p == NULL)
		return GH_SPAN("model.bin");
	memcpy(p, n.p, n.n);
	memcpy(p + n.n - 3, "bin", 3);
	return (struct gh_span){ p, n.n };
}

static bool looks_like(struct gh_walk *w)
{
	struct gh_span s = gh_src_window(w->src, 0, 4096);
	size_t i = gh_span_starts(s, "\xef\xbb\xbf") ? 3 : 0;
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t'))
		i++;
	return i + 1 < s.n && s.p[i] == '<' && memmem(s.p, s.n, ">", 1) != NULL;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct doc *d = GH_NEW(w->arena, struct doc, 1);
	if (d == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	if (w->weak && !looks_like(w))
		return GH_E_NOTTHIS;
	d->w = w;
	d->weights = beside(w);
	d->entities = gh_recs(w->arena, ENTITIES);
	d->functions = gh_recs(w->arena, FUNCTIONS);
	gh_xml_open(&d->x, more, d);
	uint64_t steps = 0;
	while (gh_xml_next(&d->x) > GH_XML_END) {
		GH_TRY(on_token(d), w->err, "at byte %llu", (unsigned long long)d->x.off);
		gh_src_advance(w->src, d->x.pos > GH_XML_TAG ? d->x.pos - GH_XML_TAG : 0);
		if (++steps > w->lim->steps)
			return gh_fail(w->err, GH_E_LIMIT, "more tokens than the limit allows");
	}
	if (w->src->fail != GH_OK)
		return gh_fail(w->err, w->src->fail, "XML");
	if (d->x.tok == GH_XML_BAD) {
		say(d, d->x.limit ? A_DEPTH : A_XML, "%s at byte %llu", d->x.why, (unsigned long long)d->x.off);
		return gh_fail(w->err, d->x.limit ? GH_E_LIMIT : GH_E_MALFORMED, "%s at byte %llu", d->x.why,
			       (unsigned long long)d->x.off);
	}
	gh_claim(w, 0, w->src->size, GH_CLAIM_STRUCT);
	return GH_OK;
}

/* The text reader hands over what is XML: it has seen that all of it is text. */
static enum gh_match probe(const struct gh_probe *p)
{
	(void)p;
	return GH_NO;
}

const struct gh_fmt gh_fmt_xml = {
	.name = "xml",
	.about = "XML documents: PMML, OpenVINO, OpenCV, SVG, configuration",
	.exts = "xml pmml svg xsl xslt xsd xhtml rdf plist",
	.over = "text",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
