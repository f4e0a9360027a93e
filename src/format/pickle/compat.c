/* compat.c - what CPython's unpickler makes of Python 2 names below protocol 3 (find_class with fix_imports).
 *
 * The tables are the facts of Lib/_compat_pickle.py of CPython 3.11: NAME_MAPPING, then IMPORT_MAPPING. To renew them:
 *	python3 -c "import _compat_pickle as c
 *	for (m, n), (tm, tn) in sorted(c.NAME_MAPPING.items()):
 *		print('\t{ \"%s\", \"%s\", \"%s\", \"%s\" },' % (m, n, tm, tn))
 *	for m, t in sorted(c.IMPORT_MAPPING.items()): print('\t{ \"%s\", \"%s\" },' % (m, t))"
 * Both are sorted bytewise, for binary search. */
#include "format/pickle/machine.h"

#include <stdlib.h>

static const struct name_row {
	const char *module, *name, *to_module, *to_name;
} names[] = {
	{ "UserDict", "IterableUserDict", "collections", "UserDict" },
	{ "UserDict", "UserDict", "collections", "UserDict" },
	{ "UserList", "UserList", "collections", "UserList" },
	{ "UserString", "UserString", "collections", "UserString" },
	{ "__builtin__", "basestring", "builtins", "str" },
	{ "__builtin__", "intern", "sys", "intern" },
	{ "__builtin__", "long", "builtins", "int" },
	{ "__builtin__", "reduce", "functools", "reduce" },
	{ "__builtin__", "unichr", "builtins", "chr" },
	{ "__builtin__", "unicode", "builtins", "str" },
	{ "__builtin__", "xrange", "builtins", "range" },
	{ "_multiprocessing", "Connection", "multiprocessing.connection", "Connection" },
	{ "_socket", "fromfd", "socket", "fromfd" },
	{ "exceptions", "ArithmeticError", "builtins", "ArithmeticError" },
	{ "exceptions", "AssertionError", "builtins", "AssertionError" },
	{ "exceptions", "AttributeError", "builtins", "AttributeError" },
	{ "exceptions", "BaseException", "builtins", "BaseException" },
	{ "exceptions", "BufferError", "builtins", "BufferError" },
	{ "exceptions", "BytesWarning", "builtins", "BytesWarning" },
	{ "exceptions", "DeprecationWarning", "builtins", "DeprecationWarning" },
	{ "exceptions", "EOFError", "builtins", "EOFError" },
	{ "exceptions", "EnvironmentError", "builtins", "EnvironmentError" },
	{ "exceptions", "Exception", "builtins", "Exception" },
	{ "exceptions", "FloatingPointError", "builtins", "FloatingPointError" },
	{ "exceptions", "FutureWarning", "builtins", "FutureWarning" },
	{ "exceptions", "GeneratorExit", "builtins", "GeneratorExit" },
	{ "exceptions", "IOError", "builtins", "IOError" },
	{ "exceptions", "ImportError", "builtins", "ImportError" },
	{ "exceptions", "ImportWarning", "builtins", "ImportWarning" },
	{ "exceptions", "IndentationError", "builtins", "IndentationError" },
	{ "exceptions", "IndexError", "builtins", "IndexError" },
	{ "exceptions", "KeyError", "builtins", "KeyError" },
	{ "exceptions", "KeyboardInterrupt", "builtins", "KeyboardInterrupt" },
	{ "exceptions", "LookupError", "builtins", "LookupError" },
	{ "exceptions", "MemoryError", "builtins", "MemoryError" },
	{ "exceptions", "NameError", "builtins", "NameError" },
	{ "exceptions", "NotImplementedError", "builtins", "NotImplementedError" },
	{ "exceptions", "OSError", "builtins", "OSError" },
	{ "exceptions", "OverflowError", "builtins", "OverflowError" },
	{ "exceptions", "PendingDeprecationWarning", "builtins", "PendingDeprecationWarning" },
	{ "exceptions", "ReferenceError", "builtins", "ReferenceError" },
	{ "exceptions", "RuntimeError", "builtins", "RuntimeError" },
	{ "exceptions", "RuntimeWarning", "builtins", "RuntimeWarning" },
	{ "exceptions", "StandardError", "builtins", "Exception" },
	{ "exceptions", "StopIteration", "builtins", "StopIteration" },
	{ "exceptions", "SyntaxError", "builtins", "SyntaxError" },
	{ "exceptions", "SyntaxWarning", "builtins", "SyntaxWarning" },
	{ "exceptions", "SystemError", "builtins", "SystemError" },
	{ "exceptions", "SystemExit", "builtins", "SystemExit" },
	{ "exceptions", "TabError", "builtins", "TabError" },
	{ "exceptions", "TypeError", "builtins", "TypeError" },
	{ "exceptions", "UnboundLocalError", "builtins", "UnboundLocalError" },
	{ "exceptions", "UnicodeDecodeError", "builtins", "UnicodeDecodeError" },
	{ "exceptions", "UnicodeEncodeError", "builtins", "UnicodeEncodeError" },
	{ "exceptions", "UnicodeError", "builtins", "UnicodeError" },
	{ "exceptions", "UnicodeTranslateError", "builtins", "UnicodeTranslateError" },
	{ "exceptions", "UnicodeWarning", "builtins", "UnicodeWarning" },
	{ "exceptions", "UserWarning", "builtins", "UserWarning" },
	{ "exceptions", "ValueError", "builtins", "ValueError" },
	{ "exceptions", "Warning", "builtins", "Warning" },
	{ "exceptions", "ZeroDivisionError", "builtins", "ZeroDivisionError" },
	{ "itertools", "ifilter", "builtins", "filter" },
	{ "itertools", "ifilterfalse", "itertools", "filterfalse" },
	{ "itertools", "imap", "builtins", "map" },
	{ "itertools", "izip", "builtins", "zip" },
	{ "itertools", "izip_longest", "itertools", "zip_longest" },
	{ "multiprocessing", "AuthenticationError", "multiprocessing.context", "AuthenticationError" },
	{ "multiprocessing", "BufferTooShort", "multiprocessing.context", "BufferTooShort" },
	{ "multiprocessing", "ProcessError", "multiprocessing.context", "ProcessError" },
	{ "multiprocessing", "TimeoutError", "multiprocessing.context", "TimeoutError" },
	{ "multiprocessing.forking", "Popen", "multiprocessing.popen_fork", "Popen" },
	{ "multiprocessing.process", "Process", "multiprocessing.context", "Process" },
	{ "socket", "_socketobject", "socket", "SocketType" },
	{ "urllib", "ContentTooShortError", "urllib.error", "ContentTooShortError" },
	{ "urllib", "getproxies", "urllib.request", "getproxies" },
	{ "urllib", "pathname2url", "urllib.request", "pathname2url" },
	{ "urllib", "quote", "urllib.parse", "quote" },
	{ "urllib", "quote_plus", "urllib.parse", "quote_plus" },
	{ "urllib", "unquote", "urllib.parse", "unquote" },
	{ "urllib", "unquote_plus", "urllib.parse", "unquote_plus" },
	{ "urllib", "url2pathname", "urllib.request", "url2pathname" },
	{ "urllib", "urlcleanup", "urllib.request", "urlcleanup" },
	{ "urllib", "urlencode", "urllib.parse", "urlencode" },
	{ "urllib", "urlopen", "urllib.request", "urlopen" },
	{ "urllib", "urlretrieve", "urllib.request", "urlretrieve" },
	{ "urllib2", "HTTPError", "urllib.error", "HTTPError" },
	{ "urllib2", "URLError", "urllib.error", "URLError" },
	{ "whichdb", "whichdb", "dbm", "whichdb" },
};

static const struct import_row {
	const char *module, *to;
} imports[] = {
	{ "BaseHTTPServer", "http.server" },
	{ "CGIHTTPServer", "http.server" },
	{ "ConfigParser", "configparser" },
	{ "Cookie", "http.cookies" },
	{ "Dialog", "tkinter.dialog" },
	{ "DocXMLRPCServer", "xmlrpc.server" },
	{ "FileDialog", "tkinter.filedialog" },
	{ "HTMLParser", "html.parser" },
	{ "Queue", "queue" },
	{ "ScrolledText", "tkinter.scrolledtext" },
	{ "SimpleDialog", "tkinter.simpledialog" },
	{ "SimpleHTTPServer", "http.server" },
	{ "SimpleXMLRPCServer", "xmlrpc.server" },
	{ "SocketServer", "socketserver" },
	{ "StringIO", "io" },
	{ "Tix", "tkinter.tix" },
	{ "Tkconstants", "tkinter.constants" },
	{ "Tkdnd", "tkinter.dnd" },
	{ "Tkinter", "tkinter" },
	{ "UserDict", "collections" },
	{ "UserList", "collections" },
	{ "UserString", "collections" },
	{ "__builtin__", "builtins" },
	{ "_abcoll", "collections.abc" },
	{ "_elementtree", "xml.etree.ElementTree" },
	{ "_winreg", "winreg" },
	{ "anydbm", "dbm" },
	{ "cPickle", "pickle" },
	{ "cStringIO", "io" },
	{ "commands", "subprocess" },
	{ "cookielib", "http.cookiejar" },
	{ "copy_reg", "copyreg" },
	{ "dbhash", "dbm.bsd" },
	{ "dbm", "dbm.ndbm" },
	{ "dumbdbm", "dbm.dumb" },
	{ "dummy_thread", "_dummy_thread" },
	{ "gdbm", "dbm.gnu" },
	{ "htmlentitydefs", "html.entities" },
	{ "httplib", "http.client" },
	{ "markupbase", "_markupbase" },
	{ "repr", "reprlib" },
	{ "robotparser", "urllib.robotparser" },
	{ "test.test_support", "test.support" },
	{ "thread", "_thread" },
	{ "tkColorChooser", "tkinter.colorchooser" },
	{ "tkCommonDialog", "tkinter.commondialog" },
	{ "tkFileDialog", "tkinter.filedialog" },
	{ "tkFont", "tkinter.font" },
	{ "tkMessageBox", "tkinter.messagebox" },
	{ "tkSimpleDialog", "tkinter.simpledialog" },
	{ "ttk", "tkinter.ttk" },
	{ "urllib2", "urllib.request" },
	{ "urlparse", "urllib.parse" },
	{ "whichdb", "dbm" },
	{ "xmlrpclib", "xmlrpc.client" },
};

static int order(struct gh_span a, const char *b)
{
	size_t n = strlen(b);
	int r = a.n == 0 || n == 0 ? 0 : memcmp(a.p, b, a.n < n ? a.n : n);
	return r != 0 ? r : (a.n > n) - (a.n < n);
}

struct asked {
	struct gh_span module, name;
};

static int by_name(const void *key, const void *row)
{
	const struct asked *a = key;
	const struct name_row *r = row;
	int c = order(a->module, r->module);
	return c != 0 ? c : order(a->name, r->name);
}

static int by_module(const void *key, const void *row)
{
	return order(((const struct asked *)key)->module, ((const struct import_row *)row)->module);
}

bool pkl_compat(struct gh_span module, struct gh_span name, struct gh_span *to_module, struct gh_span *to_name)
{
	struct asked key = { module, name };
	const struct name_row *n = bsearch(&key, names, sizeof names / sizeof names[0], sizeof names[0], by_name);
	if (n != NULL) {
		*to_module = gh_span_str(n->to_module);
		*to_name = gh_span_str(n->to_name);
		return true;
	}
	const struct import_row *i = bsearch(&key, imports, sizeof imports / sizeof imports[0], sizeof imports[0],
					     by_module);
	if (i == NULL)
		return false;
	*to_module = gh_span_str(i->to);
	return true;
}
