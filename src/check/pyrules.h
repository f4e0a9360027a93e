/* pyrules.h - what Python source can do with the callables it reaches: the tables that tools/rulec.c makes of
 * rules/python/ and how to search them. A row is a module (or the path of an object: "socket.socket()") and a name in it, or
 * `*` for the module and all below it; the longest match wins. */
#ifndef GH_CHECK_PYRULES_H
#define GH_CHECK_PYRULES_H
#include <stdint.h>

#include "base/span.h"

/* The capability as a word of a rule file. */
/* clang-format off */
#define GH_PYCAPS(X) \
	X(NONE, "harmless")	    /* overrides a wider row: has no capability, and may be imported */ \
	X(IMPORT, "import")	    /* may be imported and used freely */ \
	X(PROCESS, "process")	    /* runs a program or a shell's command */ \
	X(INTERACTIVE, "shell")	    /* hands a terminal or shell over */ \
	X(CODE, "code")		    /* runs Python code it is given */ \
	X(LOADS, "loads")	    /* imports or runs a file it is given */ \
	X(DESERIALISE, "deserialise") /* makes objects of bytes in a way that runs code */ \
	X(NETWORK, "network")	    /* opens connections, sends, fetches */ \
	X(FETCH, "fetch")	    /* fetches into a file: (address, file) */ \
	X(SINK, "sink")		    /* sends what it is given, on a connection that something else opened */ \
	X(RECEIVE, "receive")	    /* returns what came over a connection */ \
	X(DNS, "dns")		    /* looks a name up */ \
	X(WRITE, "write")	    /* writes, moves or unpacks files */ \
	X(DELETE, "delete")	    /* deletes files */ \
	X(OPEN, "open")		    /* opens a file, as its mode says */ \
	X(CHMOD, "chmod")	    /* changes the mode of a file */ \
	X(READ, "read")		    /* reads a file or lists a folder */ \
	X(PATH, "path")		    /* makes a path */ \
	X(ENV, "env")		    /* reads a variable of the environment */ \
	X(ENVALL, "environment")    /* is the whole environment */ \
	X(HOST, "host")		    /* tells who or where this machine is */ \
	X(SECRET, "secret")	    /* reads credentials */ \
	X(INPUT, "input")	    /* asks the user, reads the command line */ \
	X(NATIVE, "native")	    /* loads or builds native code */ \
	X(MEMORY, "memory")	    /* makes memory executable, calls addresses */ \
	X(INSTALL, "install")	    /* installs packages */ \
	X(FOREIGN, "foreign")	    /* fetches a repository and runs its code */ \
	X(PERSIST, "persist")	    /* arranges to be run again */ \
	X(DUP, "dup")		    /* puts a descriptor in the place of another */ \
	X(TRACE, "trace")	    /* changes how the interpreter imports or runs code */ \
	X(SAFE, "inspects")	    /* looks at what it is given without calling it */ \
	X(COMPUTING, "computing")   /* of Python's own library: may be imported; nothing in it is a way out but its modules */ \
	X(GUARDED, "guarded")	    /* may be imported; what no narrower row names is not known to be harmless */ \
	X(PLAIN, "plain")	    /* harmless however it is used */ \
	X(TOUCHES, "touches")	    /* called plainly no finding, handed on one */
/* clang-format on */

#define GH_PYCAP_ENUM(id, word) GH_PYCAP_##id,
enum gh_pycap { GH_PYCAPS(GH_PYCAP_ENUM) GH_PYCAPS_N };
#undef GH_PYCAP_ENUM

struct gh_py_group {
	uint8_t cap;
	const char *why; /* one sentence: what it does */
};
struct gh_py_row {
	const char *module, *name;
	uint16_t group;
};

/* Generated; rows sorted by module, then name. */
extern const struct gh_py_group gh_py_groups[];
extern const struct gh_py_row gh_py_rows[];
extern const size_t gh_py_rows_n;

/* What the path can do; NULL when no row speaks of it. */
const struct gh_py_group *gh_py_find(struct gh_span path);
#endif
