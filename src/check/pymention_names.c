/* pymention_names.c - names and texts that mean something by themselves. */
#include "check/pymention.h"

struct word {
	const char *name;
	enum pyc_word what;
};

static const struct word words[] = {
	{ "__builtins__", PYC_W_WAY },
	{ "__globals__", PYC_W_WAY },
	{ "func_globals", PYC_W_WAY },
	{ "__subclasses__", PYC_W_WAY },
	{ "__closure__", PYC_W_WAY },
	{ "func_closure", PYC_W_WAY },
	{ "cell_contents", PYC_W_WAY },
	{ "f_globals", PYC_W_WAY },
	{ "f_builtins", PYC_W_WAY },
	{ "f_locals", PYC_W_WAY },
	{ "f_back", PYC_W_WAY },
	{ "f_code", PYC_W_CODE },
	{ "gi_frame", PYC_W_WAY },
	{ "gi_code", PYC_W_WAY },
	{ "cr_frame", PYC_W_WAY },
	{ "cr_code", PYC_W_WAY },
	{ "ag_frame", PYC_W_WAY },
	{ "ag_code", PYC_W_WAY },
	{ "tb_frame", PYC_W_WAY },
	{ "_getframe", PYC_W_WAY },
	{ "_current_frames", PYC_W_WAY },
	{ "currentframe", PYC_W_WAY },
	{ "co_code", PYC_W_WAY },
	{ "__code__", PYC_W_CODE },
	{ "func_code", PYC_W_CODE },
	{ "__loader__", PYC_W_WAY },
	{ "__spec__", PYC_W_WAY },
	{ "load_module", PYC_W_RUNS },
	{ "exec_module", PYC_W_RUNS },
	{ "source_to_code", PYC_W_RUNS },
	{ "find_class", PYC_W_RUNS },
	{ "run_path", PYC_W_RUNS },
	{ "addsitedir", PYC_W_RUNS },
	{ "addpackage", PYC_W_RUNS },
	{ "dictConfig", PYC_W_RUNS },
	{ "fileConfig", PYC_W_RUNS },
	{ "BaseConfigurator", PYC_W_RUNS },
	{ "DictConfigurator", PYC_W_RUNS },
	{ "get_type_hints", PYC_W_RUNS },
	{ "get_annotations", PYC_W_RUNS },
	{ "eval_str", PYC_W_RUNS },
	{ "ForwardRef", PYC_W_RUNS },
	{ "_evaluate", PYC_W_RUNS },
	{ "evaluate_forward_ref", PYC_W_RUNS },
	{ "_eval_type", PYC_W_RUNS },
	{ "run_docstring_examples", PYC_W_RUNS },
	{ "loadTestsFromName", PYC_W_RUNS },
	{ "loadTestsFromNames", PYC_W_RUNS },
	{ "testsource", PYC_W_RUNS },
	{ "debug_src", PYC_W_RUNS },
	{ "runsource", PYC_W_RUNS },
	{ "runcode", PYC_W_RUNS },
	{ "runctx", PYC_W_RUNS },
	{ "InteractiveInterpreter", PYC_W_RUNS },
	{ "InteractiveConsole", PYC_W_RUNS },
	{ "import_module", PYC_W_RUNS },
	{ "__import__", PYC_W_RUNS },
	{ "import_string", PYC_W_RUNS },
	{ "locate", PYC_W_RUNS },
	{ "system", PYC_W_POWER },
	{ "popen", PYC_W_POWER },
	{ "popen2", PYC_W_POWER },
	{ "popen3", PYC_W_POWER },
	{ "popen4", PYC_W_POWER },
	{ "Popen", PYC_W_POWER },
	{ "spawnl", PYC_W_POWER },
	{ "spawnle", PYC_W_POWER },
	{ "spawnlp", PYC_W_POWER },
	{ "spawnlpe", PYC_W_POWER },
	{ "spawnv", PYC_W_POWER },
	{ "spawnve", PYC_W_POWER },
	{ "spawnvp", PYC_W_POWER },
	{ "spawnvpe", PYC_W_POWER },
	{ "execl", PYC_W_POWER },
	{ "execle", PYC_W_POWER },
	{ "execlp", PYC_W_POWER },
	{ "execlpe", PYC_W_POWER },
	{ "execv", PYC_W_POWER },
	{ "execve", PYC_W_POWER },
	{ "execvp", PYC_W_POWER },
	{ "execvpe", PYC_W_POWER },
	{ "posix_spawn", PYC_W_POWER },
	{ "posix_spawnp", PYC_W_POWER },
	{ "startfile", PYC_W_POWER },
	{ "fork_exec", PYC_W_POWER },
	{ "getoutput", PYC_W_POWER },
	{ "getstatusoutput", PYC_W_POWER },
	{ "check_output", PYC_W_POWER },
	{ "check_call", PYC_W_POWER },
	{ "exec", PYC_W_POWER },
	{ "execfile", PYC_W_POWER },
	{ "settrace", PYC_W_POWER },
	{ "setprofile", PYC_W_POWER },
	{ "get_objects", PYC_W_POWER },
	{ "get_referrers", PYC_W_POWER },
	{ "get_referents", PYC_W_POWER },
	{ "CDLL", PYC_W_POWER },
	{ "PyDLL", PYC_W_POWER },
	{ "WinDLL", PYC_W_POWER },
	{ "dlopen", PYC_W_POWER },
	{ "pythonapi", PYC_W_WAY },
	{ "meta_path", PYC_W_WAY },
	{ "path_hooks", PYC_W_WAY },
	{ "os", PYC_W_MODULE },
	{ "_os", PYC_W_MODULE },
	{ "sys", PYC_W_MODULE },
	{ "_sys", PYC_W_MODULE },
	{ "subprocess", PYC_W_MODULE },
	{ "_subprocess", PYC_W_MODULE },
	{ "builtins", PYC_W_MODULE },
	{ "bltns", PYC_W_MODULE },
	{ "__builtin__", PYC_W_MODULE },
	{ "importlib", PYC_W_MODULE },
	{ "ctypes", PYC_W_MODULE },
	{ "shutil", PYC_W_MODULE },
	{ "_shutil", PYC_W_MODULE },
	{ "posix", PYC_W_MODULE },
	{ "nt", PYC_W_MODULE },
	{ "pty", PYC_W_MODULE },
	{ "runpy", PYC_W_MODULE },
	{ "marshal", PYC_W_MODULE },
	{ "posixpath", PYC_W_MODULE },
	{ "ntpath", PYC_W_MODULE },
	{ "genericpath", PYC_W_MODULE },
	{ "pkgutil", PYC_W_MODULE },
	{ "tempfile", PYC_W_MODULE },
	{ "pathlib", PYC_W_MODULE },
	{ "pickle", PYC_W_MODULE },
	{ "_pickle", PYC_W_MODULE },
	{ "_collections_abc", PYC_W_MODULE },
	{ "_bootstrap", PYC_W_MODULE },
	{ "_bootstrap_external", PYC_W_MODULE },
	{ "write_text", PYC_W_WRITES },
	{ "write_bytes", PYC_W_WRITES },
	{ "symlink_to", PYC_W_WRITES },
	{ "hardlink_to", PYC_W_WRITES },
	{ "FileHandler", PYC_W_WRITES },
	{ "RotatingFileHandler", PYC_W_WRITES },
	{ "unlink", PYC_W_DELETES },
	{ "rmdir", PYC_W_DELETES },
	{ "rmtree", PYC_W_DELETES },
	{ "parse_expr", PYC_W_RUNS },
	{ "evaluate_python_code", PYC_W_RUNS },
	{ "PythonInterpreterTool", PYC_W_RUNS },
	{ "direct_transformers_import", PYC_W_RUNS },
	{ "_LazyModule", PYC_W_RUNS },
	{ "rundocs", PYC_W_RUNS },
	{ "runstring", PYC_W_RUNS },
	{ "PyCodeCache", PYC_W_RUNS },
	{ "_exec_with_source", PYC_W_RUNS },
	{ "_forward_from_src", PYC_W_RUNS },
	{ "get_class_from_dynamic_module", PYC_W_RUNS },
	{ "get_class_in_module", PYC_W_RUNS },
	{ "ForkingPickler", PYC_W_RUNS },
	{ "register_custom_ops_library", PYC_W_RUNS },
	{ "load_inline", PYC_W_RUNS },
	{ "RawKernel", PYC_W_RUNS },
	{ "RawModule", PYC_W_RUNS },
	{ "ImageMath", PYC_W_RUNS },
	{ "c2py", PYC_W_RUNS },
	{ "__type_params__", PYC_W_WAY },
	{ "__bound__", PYC_W_WAY },
	{ "__constraints__", PYC_W_WAY },
	{ "evaluate_bound", PYC_W_WAY },
	{ "evaluate_value", PYC_W_WAY },
	{ "set_executable", PYC_W_POWER },
	{ "run_and_read_all", PYC_W_POWER },
	{ "save", PYC_W_SAVES },
	{ "savetxt", PYC_W_SAVES },
	{ "savez", PYC_W_SAVES },
	{ "savez_compressed", PYC_W_SAVES },
	{ "dump", PYC_W_SAVES },
	{ "to_csv", PYC_W_SAVES },
	{ "to_json", PYC_W_SAVES },
	{ "to_pickle", PYC_W_SAVES },
	{ "to_parquet", PYC_W_SAVES },
	{ "to_feather", PYC_W_SAVES },
	{ "to_string", PYC_W_SAVES },
	{ "to_html", PYC_W_SAVES },
	{ "to_excel", PYC_W_SAVES },
	{ "to_hdf", PYC_W_SAVES },
	{ "write_file", PYC_W_SAVES },
	{ "GFile", PYC_W_SAVES },
	{ "tofile", PYC_W_SAVES },
	{ "imsave", PYC_W_SAVES },
	{ "imwrite", PYC_W_SAVES },
	{ "save_file", PYC_W_SAVES },
	{ "basicConfig", PYC_W_SAVES },
	{ "write_csv", PYC_W_SAVES },
	{ "write_parquet", PYC_W_SAVES },
	{ "write_json", PYC_W_SAVES },
	{ "save_model", PYC_W_SAVES },
	{ "save_weights", PYC_W_SAVES },
	{ "memmap", PYC_W_SAVES },
	{ "open_memmap", PYC_W_SAVES },
	{ "from_file", PYC_W_SAVES },
	{ "to_markdown", PYC_W_SAVES },
	{ "to_latex", PYC_W_SAVES },
	{ "to_xml", PYC_W_SAVES },
	{ "to_stata", PYC_W_SAVES },
	{ "to_sql", PYC_W_SAVES },
	{ "savefig", PYC_W_SAVES },
	{ "savemat", PYC_W_SAVES },
	{ "mmwrite", PYC_W_SAVES },
	{ "save_npz", PYC_W_SAVES },
	{ "save_pretrained", PYC_W_SAVES },
	{ "save_to_disk", PYC_W_SAVES },
	{ "save_checkpoint", PYC_W_SAVES },
	{ "save_state_dict", PYC_W_SAVES },
	{ "save_image", PYC_W_SAVES },
	{ "dump_svmlight_file", PYC_W_SAVES },
	{ "SummaryWriter", PYC_W_SAVES },
	{ "Memory", PYC_W_SAVES },
	{ "write_video", PYC_W_SAVES },
	{ "write_html", PYC_W_SAVES },
	{ "write_image", PYC_W_SAVES },
	{ "dcp_to_torch_save", PYC_W_SAVES },
	{ "export", PYC_W_SAVES },
	{ "export_chrome_trace", PYC_W_SAVES },
	{ "export_stacks", PYC_W_SAVES },
	{ "_dump_snapshot", PYC_W_SAVES },
	{ "torch_save_to_dcp", PYC_W_SAVES },
	{ "requests", PYC_W_NETWORK },
	{ "httpx", PYC_W_NETWORK },
	{ "aiohttp", PYC_W_NETWORK },
	{ "urllib", PYC_W_NETWORK },
	{ "urllib2", PYC_W_NETWORK },
	{ "urllib3", PYC_W_NETWORK },
	{ "socket", PYC_W_NETWORK },
	{ "ftplib", PYC_W_NETWORK },
	{ "smtplib", PYC_W_NETWORK },
	{ "paramiko", PYC_W_NETWORK },
	{ "serialize_to_file", PYC_W_SAVES },
	{ "push_to_hub", PYC_W_SENDS },
	{ "upload_file", PYC_W_SENDS },
	{ "upload_folder", PYC_W_SENDS },
	{ "create_commit", PYC_W_SENDS },
	{ "HTTPHandler", PYC_W_SENDS },
	{ "SocketHandler", PYC_W_SENDS },
	{ "DatagramHandler", PYC_W_SENDS },
	{ "SMTPHandler", PYC_W_SENDS },
	{ "SysLogHandler", PYC_W_SENDS },
	{ "BaseManager", PYC_W_SENDS },
};

enum pyc_word pyc_word(struct gh_span name)
{
	if (name.n < 2 || name.n > 32)
		return PYC_W_PLAIN;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].name[0] == (char)name.p[0] && gh_span_is(name, words[i].name))
			return words[i].what;
	return PYC_W_PLAIN;
}

static bool one_of(struct gh_span s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (gh_span_is(s, *list))
			return true;
	return false;
}
static bool holds(struct gh_span s, const char *const *list)
{
	for (; s.n != 0 && *list != NULL; list++)
		if (memmem(s.p, s.n, *list, strlen(*list)) != NULL)
			return true;
	return false;
}

bool pyc_describes_code(struct gh_span name)
{
	static const char *const fields[] = {
		"co_varnames",	      "co_argcount", "co_name",		  "co_filename", "co_firstlineno",
		"co_flags",	      "co_freevars", "co_kwonlyargcount", "co_names",	 "co_qualname",
		"co_posonlyargcount", "co_nlocals",  "co_cellvars",	  NULL
	};
	return one_of(name, fields);
}

bool pyc_loads_code(struct gh_span variable)
{
	static const char *const names[] = { "LD_PRELOAD",
					     "LD_LIBRARY_PATH",
					     "LD_AUDIT",
					     "DYLD_INSERT_LIBRARIES",
					     "DYLD_LIBRARY_PATH",
					     "PYTHONSTARTUP",
					     "PYTHONPATH",
					     "PYTHONHOME",
					     "PYTHONINSPECT",
					     "PYTHONUSERBASE",
					     "PYTHONBREAKPOINT",
					     "PATH",
					     "BASH_ENV",
					     "ENV",
					     "PROMPT_COMMAND",
					     "PERL5OPT",
					     "PERL5LIB",
					     "RUBYOPT",
					     "NODE_OPTIONS",
					     "JAVA_TOOL_OPTIONS",
					     "GIT_SSH_COMMAND",
					     "EDITOR",
					     "PAGER",
					     "BROWSER",
					     "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",
					     "HF_ENDPOINT",
					     "PIP_INDEX_URL",
					     "PIP_EXTRA_INDEX_URL",
					     NULL };
	return one_of(variable, names);
}

bool pyc_start_place(struct gh_span s)
{
	static const char *const pieces[] = { ".ssh",	   ".config/fish", ".zshenv",	".bash_aliases", ".bash_login",
					      ".zprofile", ".xinitrc",	   ".xprofile", ".ipython",	 NULL };
	if (s.n < 4 || s.n > 200 || memchr(s.p, ' ', s.n) != NULL || memchr(s.p, '\n', s.n) != NULL ||
	    gh_span_starts(s, "/proc/"))
		return false;
	return one_of(s, pieces) || gh_span_ends(s, ".pth") || gh_pypath_persistent(s) ||
	       (s.p[0] == '~' && holds(s, pieces));
}

bool pyc_reads_like_code(struct gh_span s)
{
	static const char *const signs[] = { "system(",	   "popen(", "Popen(",	  "__import__(", "exec(",     "eval(",
					     "subprocess", "socket", "import os", "urlopen",	 "getoutput", NULL };
	return s.n >= 8 && s.n <= (1 << 20) &&
	       (memchr(s.p, '(', s.n) != NULL || memmem(s.p, s.n, "import ", 7) != NULL) && holds(s, signs);
}

bool pyc_secret_place(struct gh_span s)
{
	static const char *const pieces[] = { ".ssh",	 "id_rsa", "id_ed25519",       "id_ecdsa", ".aws", ".netrc",
					      ".pgpass", ".kube",  ".git-credentials", ".gnupg",   NULL };
	if (s.n < 4 || s.n > 200 || memchr(s.p, ' ', s.n) != NULL || memchr(s.p, '\n', s.n) != NULL)
		return false;
	return one_of(s, pieces) || ((s.p[0] == '/' || s.p[0] == '~') && gh_pypath_secret(s));
}

bool pyc_bare_address(struct gh_span s)
{
	static const char *const near[] = { "127.", "0.0.0.0", "10.", "192.168." };
	size_t at = gh_span_starts(s, "http://")    ? 7
		    : gh_span_starts(s, "https://") ? 8
		    : gh_span_starts(s, "ftp://")   ? 6
						    : 0;
	struct gh_span host = gh_span_cut(s, at, s.n);
	for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
		if (gh_span_starts(host, near[i]))
			return false;
	size_t n = 0, dots = 0;
	while (n < host.n && ((host.p[n] >= '0' && host.p[n] <= '9') || host.p[n] == '.'))
		dots += host.p[n++] == '.';
	return at != 0 && dots == 3;
}
