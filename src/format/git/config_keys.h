/* config_keys.h - what git does with the values of its configuration (git-config(1), gitmodules(5), git-lfs-config(5)). */
#ifndef GH_FORMAT_GIT_CONFIG_KEYS_H
#define GH_FORMAT_GIT_CONFIG_KEYS_H
#include "base/span.h"

enum git_act {
	GIT_ACT_NONE,
	GIT_ACT_RUN,	  /* a command, or a program's path */
	GIT_ACT_RUN_BANG, /* a command when it starts with "!", else a name */
	GIT_ACT_HELPER,	  /* of credentials: "!command", a path, or the name of a helper that is installed */
	GIT_ACT_MONITOR,  /* true and false, else a command */
	GIT_ACT_FILTER,	  /* a command; those of Git LFS are known */
	GIT_ACT_URL,	  /* an address: ext:: runs a command, a leading dash is an option */
	GIT_ACT_READ,	  /* a file that is read as configuration */
	GIT_ACT_HOOKS,	  /* a directory of programs */
	GIT_ACT_ALLOW,	  /* "always" lets addresses run commands */
	GIT_ACT_TRUE,	  /* weakens what protects a transfer when it is false */
	GIT_ACT_PATH,	  /* where files are written */
	GIT_ACT_SECRET,	  /* sent along with requests */
};

/* section and name in small letters; `*`: any subsection, also none. The first row that fits counts. */
static const struct {
	const char *section, *name;
	enum git_act act;
} git_acts[] = {
	{ "core", "fsmonitor", GIT_ACT_MONITOR },
	{ "core", "sshcommand", GIT_ACT_RUN },
	{ "core", "gitproxy", GIT_ACT_RUN },
	{ "core", "editor", GIT_ACT_RUN },
	{ "core", "pager", GIT_ACT_RUN },
	{ "core", "askpass", GIT_ACT_RUN },
	{ "core", "alternaterefscommand", GIT_ACT_RUN },
	{ "core", "hookspath", GIT_ACT_HOOKS },
	{ "core", "worktree", GIT_ACT_PATH },
	{ "init", "templatedir", GIT_ACT_HOOKS },
	{ "include", "path", GIT_ACT_READ },
	{ "includeif", "path", GIT_ACT_READ },
	{ "alias", "*", GIT_ACT_RUN_BANG },
	{ "pager", "*", GIT_ACT_MONITOR },
	{ "filter", "clean", GIT_ACT_FILTER },
	{ "filter", "smudge", GIT_ACT_FILTER },
	{ "filter", "process", GIT_ACT_FILTER },
	{ "credential", "helper", GIT_ACT_HELPER },
	{ "diff", "external", GIT_ACT_RUN },
	{ "diff", "command", GIT_ACT_RUN },
	{ "diff", "textconv", GIT_ACT_RUN },
	{ "merge", "driver", GIT_ACT_RUN },
	{ "interactive", "difffilter", GIT_ACT_RUN },
	{ "sequence", "editor", GIT_ACT_RUN },
	{ "gpg", "program", GIT_ACT_RUN },
	{ "gpg", "defaultkeycommand", GIT_ACT_RUN },
	{ "mergetool", "cmd", GIT_ACT_RUN },
	{ "mergetool", "path", GIT_ACT_RUN },
	{ "difftool", "cmd", GIT_ACT_RUN },
	{ "difftool", "path", GIT_ACT_RUN },
	{ "guitool", "cmd", GIT_ACT_RUN },
	{ "browser", "cmd", GIT_ACT_RUN },
	{ "browser", "path", GIT_ACT_RUN },
	{ "man", "cmd", GIT_ACT_RUN },
	{ "man", "path", GIT_ACT_RUN },
	{ "instaweb", "httpd", GIT_ACT_RUN },
	{ "trailer", "command", GIT_ACT_RUN },
	{ "trailer", "cmd", GIT_ACT_RUN },
	{ "sendemail", "smtpserver", GIT_ACT_URL },
	{ "sendemail", "sendmailcmd", GIT_ACT_RUN },
	{ "sendemail", "tocmd", GIT_ACT_RUN },
	{ "sendemail", "cccmd", GIT_ACT_RUN },
	{ "sendemail", "headercmd", GIT_ACT_RUN },
	{ "uploadpack", "packobjectshook", GIT_ACT_RUN },
	{ "remote", "uploadpack", GIT_ACT_RUN },
	{ "remote", "receivepack", GIT_ACT_RUN },
	{ "remote", "vcs", GIT_ACT_RUN },
	{ "remote", "url", GIT_ACT_URL },
	{ "remote", "pushurl", GIT_ACT_URL },
	{ "remote", "proxy", GIT_ACT_READ },
	{ "url", "insteadof", GIT_ACT_NONE },
	{ "url", "pushinsteadof", GIT_ACT_NONE },
	{ "submodule", "url", GIT_ACT_URL },
	{ "submodule", "path", GIT_ACT_PATH },
	{ "submodule", "update", GIT_ACT_RUN_BANG },
	{ "hook", "command", GIT_ACT_RUN },
	{ "tar", "command", GIT_ACT_RUN },
	{ "protocol", "allow", GIT_ACT_ALLOW },
	{ "lfs", "url", GIT_ACT_URL },
	{ "lfs", "pushurl", GIT_ACT_URL },
	{ "lfs", "path", GIT_ACT_RUN }, /* lfs.customtransfer.NAME.path */
	{ "lfs", "clean", GIT_ACT_RUN },
	{ "lfs", "smudge", GIT_ACT_RUN },
	{ "lfs", "standalonetransferagent", GIT_ACT_READ },
	{ "http", "proxy", GIT_ACT_READ },
	{ "http", "sslverify", GIT_ACT_TRUE },
	{ "http", "extraheader", GIT_ACT_SECRET },
	{ "http", "cookiefile", GIT_ACT_READ },
};

/* Keys that are not in the table and whose names end like this: some program takes them for commands. */
static const char *const git_act_endings[] = {
	"command", "cmd", "program", "hook", "editor", "pager", "driver", "exec"
};

/* What `git lfs install` writes. */
static const char *const git_lfs_filters[] = {
	"git-lfs clean -- %f",	       "git-lfs smudge -- %f",		"git-lfs filter-process",
	"git-lfs smudge --skip -- %f", "git-lfs filter-process --skip", "git lfs clean -- %f",
	"git lfs smudge -- %f",	       "git lfs smudge --skip -- %f",	"git lfs filter-process",
};

/* Sections of git's configuration: a text with one of them is one. */
static const char *const git_sections[] = {
	"core",	   "remote",	 "branch",  "user",	  "submodule",	"filter",   "lfs",   "alias",
	"include", "includeif",	 "diff",    "merge",	  "pull",	"push",	    "fetch", "init",
	"commit",  "credential", "url",	    "http",	  "extensions", "protocol", "pager", "gc",
	"gpg",	   "color",	 "receive", "uploadpack", "hook",	"rebase",   "safe",
};
#endif
