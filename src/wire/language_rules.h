/* The tables of language.c. Patterns match a whole line, blanks at its end removed: `*` any bytes, `%i` a dotted
 * identifier or path-like word, a blank one blank or more. */
enum lang {
	L_PYTHON, L_SHELL, L_JAVASCRIPT, L_BATCH, L_POWERSHELL, L_RUBY, L_PERL, L_PHP, L_LUA, L_R, L_C, L_JAVA, L_GO, L_DOCKER,
	L_YAML, L_HTML, L_REQUIREMENTS, L_XML, L_COUNT
};
_Static_assert((int)L_COUNT == (int)GH_LANG_KINDS, "the header's count of languages");

static const struct {
	const char *name;
	unsigned enough; /* score from which a text is believed to be of this language */
	bool fold;	 /* letters of either case */
} langs[] = {
	[L_PYTHON] = { "Python source", 2, false },	   [L_SHELL] = { "shell script", 3, false },
	[L_JAVASCRIPT] = { "JavaScript source", 2, false }, [L_BATCH] = { "batch file", 3, true },
	[L_POWERSHELL] = { "PowerShell script", 3, true }, [L_RUBY] = { "Ruby source", 3, false },
	[L_PERL] = { "Perl source", 4, false },		   [L_PHP] = { "PHP source", 3, true },
	[L_LUA] = { "Lua source", 3, false },		   [L_R] = { "R source", 3, false },
	[L_C] = { "C source", 3, false },		   [L_JAVA] = { "Java source", 4, false },
	[L_GO] = { "Go or Rust source", 3, false },	   [L_DOCKER] = { "Dockerfile", 3, false },
	[L_YAML] = { "YAML that makes objects", 3, false }, [L_HTML] = { "HTML with scripts", 3, true },
	[L_REQUIREMENTS] = { "Python requirements", 2, false }, [L_XML] = { "XML", 3, true },
};

static const struct {
	uint8_t lang, weight;
	const char *pattern;
} patterns[] = {
	{ L_PYTHON, 2, "import %i" }, { L_PYTHON, 2, "import %i as %i" }, { L_PYTHON, 2, "import %i, %i*" },
	{ L_PYTHON, 2, "import %i;*" }, { L_PYTHON, 2, "from %i import *" }, { L_PYTHON, 2, "def %i(*" },
	{ L_PYTHON, 2, "async def %i(*" }, { L_PYTHON, 2, "class %i:" }, { L_PYTHON, 2, "class %i(*):" },
	{ L_PYTHON, 1, "@%i" }, { L_PYTHON, 1, "@%i(*" }, { L_PYTHON, 2, "if __name__ ==*" }, { L_PYTHON, 2, "exec(*" },
	{ L_PYTHON, 2, "eval(*" }, { L_PYTHON, 2, "__import__(*" }, { L_PYTHON, 2, "%i = __import__(*" },
	{ L_PYTHON, 2, "%i=__import__(*" }, { L_PYTHON, 2, "os.%i(*" }, { L_PYTHON, 2, "subprocess.%i(*" },
	{ L_PYTHON, 1, "print(*)" }, { L_PYTHON, 1, "try:" }, { L_PYTHON, 1, "except*:" }, { L_PYTHON, 1, "with * as %i:" },
	{ L_PYTHON, 1, "for %i in *:" }, { L_PYTHON, 1, "%i = lambda *" }, { L_PYTHON, 1, "%i = %i(*)" },
	{ L_PYTHON, 2, "getattr(*" }, { L_PYTHON, 2, "(lambda *" },
	{ L_SHELL, 2, "set -e*" }, { L_SHELL, 3, "if [ *; then" }, { L_SHELL, 3, "if [[ *" }, { L_SHELL, 2, "for %i in *; do*" },
	{ L_SHELL, 2, "while *; do*" }, { L_SHELL, 2, "%i() {" }, { L_SHELL, 2, "export %i=*" }, { L_SHELL, 3, "* | sh" },
	{ L_SHELL, 3, "* | bash" }, { L_SHELL, 3, "*|sh" }, { L_SHELL, 3, "*|bash" }, { L_SHELL, 3, "*| sh -*" },
	{ L_SHELL, 3, "*| bash -*" }, { L_SHELL, 1, "curl -*" }, { L_SHELL, 1, "curl http*" }, { L_SHELL, 1, "wget *" },
	{ L_SHELL, 1, "sudo *" }, { L_SHELL, 1, "chmod *" }, { L_SHELL, 2, "rm -rf *" }, { L_SHELL, 2, "eval *$*" },
	{ L_SHELL, 1, "echo *" }, { L_SHELL, 1, "apt-get *" }, { L_SHELL, 1, "pip install *" }, { L_SHELL, 2, "nc -*" },
	{ L_SHELL, 3, "bash -i *" }, { L_SHELL, 2, "bash -c *" }, { L_SHELL, 2, "sh -c *" }, { L_SHELL, 2, "%i=$(*" },
	{ L_SHELL, 2, "mkfifo *" }, { L_SHELL, 1, "fi" }, { L_SHELL, 1, "done" }, { L_SHELL, 2, "esac" }, { L_SHELL, 3, "*/dev/tcp/*" },
	{ L_JAVASCRIPT, 2, "const %i = *" }, { L_JAVASCRIPT, 2, "let %i = *;" }, { L_JAVASCRIPT, 2, "var %i = *;" },
	{ L_JAVASCRIPT, 2, "function %i(*{" }, { L_JAVASCRIPT, 2, "import * from '*" }, { L_JAVASCRIPT, 2, "import * from \"*" },
	{ L_JAVASCRIPT, 2, "export default *" }, { L_JAVASCRIPT, 2, "export const *" }, { L_JAVASCRIPT, 2, "export function *" },
	{ L_JAVASCRIPT, 2, "module.exports*" }, { L_JAVASCRIPT, 2, "require('*" }, { L_JAVASCRIPT, 2, "require(\"*" },
	{ L_JAVASCRIPT, 2, "console.log(*" }, { L_JAVASCRIPT, 2, "'use strict'*" }, { L_JAVASCRIPT, 2, "\"use strict\"*" },
	{ L_JAVASCRIPT, 2, "(function*" }, { L_JAVASCRIPT, 2, "new Function(*" },
	{ L_BATCH, 3, "@echo off*" }, { L_BATCH, 2, "setlocal*" }, { L_BATCH, 1, "goto %i" }, { L_BATCH, 2, "if exist *" },
	{ L_BATCH, 2, "start /b *" }, { L_BATCH, 3, "reg add *" }, { L_BATCH, 3, "cmd /c *" }, { L_BATCH, 3, "cmd.exe *" },
	{ L_POWERSHELL, 3, "param(*" }, { L_POWERSHELL, 3, "param (*" }, { L_POWERSHELL, 2, "$%i = *" }, { L_POWERSHELL, 2, "$%i=*" },
	{ L_POWERSHELL, 2, "write-host *" }, { L_POWERSHELL, 3, "invoke-%i *" }, { L_POWERSHELL, 3, "iex *(*" },
	{ L_POWERSHELL, 3, "iex(*" }, { L_POWERSHELL, 3, "set-executionpolicy *" }, { L_POWERSHELL, 3, "import-module *" },
	{ L_POWERSHELL, 3, "powershell* -*" }, { L_POWERSHELL, 3, "start-process *" }, { L_POWERSHELL, 3, "(new-object *" },
	{ L_RUBY, 2, "require '*" }, { L_RUBY, 2, "require \"*" }, { L_RUBY, 2, "require_relative *" }, { L_RUBY, 1, "puts *" },
	{ L_RUBY, 1, "end" },
	{ L_PERL, 4, "use strict;" }, { L_PERL, 2, "use %i;" }, { L_PERL, 2, "my $%i*;" }, { L_PERL, 2, "sub %i {" }, { L_PERL, 2, "system(*);" },
	{ L_PHP, 3, "<?php*" }, { L_PHP, 3, "<?=*" },
	{ L_LUA, 3, "local %i = *" }, { L_LUA, 3, "local function *" }, { L_LUA, 3, "os.execute(*" }, { L_LUA, 1, "end" },
	{ L_R, 2, "library(*)" }, { L_R, 2, "%i <- *" }, { L_R, 2, "source(*)" }, { L_R, 3, "%i <- function(*" }, { L_R, 2, "system(*)" },
	{ L_C, 3, "#include <*>*" }, { L_C, 3, "#include \"*\"*" },
	{ L_JAVA, 2, "package %i;" }, { L_JAVA, 2, "import %i;" }, { L_JAVA, 2, "public class *" }, { L_JAVA, 2, "import static %i;" },
	{ L_GO, 2, "func %i(*{" }, { L_GO, 1, "package %i" }, { L_GO, 2, "fn %i(*" }, { L_GO, 2, "pub fn *" }, { L_GO, 1, "use %i::*;" },
	{ L_DOCKER, 2, "FROM %i:*" }, { L_DOCKER, 1, "FROM %i" }, { L_DOCKER, 2, "RUN *" }, { L_DOCKER, 1, "COPY * *" },
	{ L_DOCKER, 2, "ENTRYPOINT *" }, { L_DOCKER, 2, "CMD [*" }, { L_DOCKER, 1, "WORKDIR /*" },
	{ L_YAML, 3, "*!!python/*" }, { L_YAML, 3, "*_target_:*" }, { L_YAML, 3, "%YAML *" }, { L_YAML, 3, "*trust_remote_code: *rue*" },
	{ L_HTML, 3, "*<script*" }, { L_HTML, 3, "<!doctype*" }, { L_HTML, 3, "<html*" }, { L_HTML, 3, "*<iframe*" },
	{ L_HTML, 3, "*href=\"javascript:*" }, { L_HTML, 3, "*](javascript:*" }, { L_HTML, 3, "* onerror=*" }, { L_HTML, 3, "* onload=*" },
	{ L_REQUIREMENTS, 1, "%i==%i" }, { L_REQUIREMENTS, 1, "%i>=%i" }, { L_REQUIREMENTS, 2, "git+http*" }, { L_REQUIREMENTS, 2, "--index-url *" },
	{ L_REQUIREMENTS, 2, "--extra-index-url *" }, { L_REQUIREMENTS, 2, "-e git+*" },
	{ L_XML, 3, "<?xml*" }, { L_XML, 3, "<!entity*" }, { L_XML, 3, "<svg*" }, { L_XML, 3, "<pmml*" }, { L_XML, 3, "<net *" },
};

/* Extensions, and whole names, that make a program read the file as something else than prose. */
static const struct {
	const char *language, *exts;
} by_ext[] = {
	{ "Python source", "py pyw pyi pyx pth" },
	{ "shell script", "sh bash zsh ksh fish csh command" },
	{ "JavaScript source", "js mjs cjs jsx ts tsx" },
	{ "batch file", "bat cmd" },
	{ "PowerShell script", "ps1 psm1 psd1" },
	{ "script", "rb pl pm php phtml lua tcl vbs vbe wsf hta jse applescript groovy awk sed r rmd jl" },
	{ "source code", "c h cc cpp cxx hpp hh cu cuh java kt scala go rs swift m cs fs zig nim asm s cl metal proto sql" },
	{ "YAML", "yaml yml" },
	{ "configuration", "toml ini cfg conf properties env plist reg desktop service inf" },
	{ "XML", "xml pmml xsl xslt xsd xhtml rdf wsdl svg" },
	{ "HTML", "html htm mht shtml vue svelte jsp asp aspx erb" },
	{ "template", "j2 jinja jinja2 template tmpl mustache hbs ejs" },
	{ "notebook", "ipynb" },
	{ "build description", "cmake mk gradle bzl ninja nix spec dockerfile" },
};
static const struct {
	const char *language, *name; /* `*` at the end: any ending */
} by_name[] = {
	{ "Dockerfile", "dockerfile*" }, { "Dockerfile", "containerfile*" }, { "build description", "makefile*" },
	{ "build description", "gnumakefile" }, { "build description", "cmakelists.txt" }, { "build description", "rakefile" },
	{ "Python requirements", "requirements*" }, { "Python requirements", "constraints.txt" }, { "configuration", "pipfile*" },
	{ "configuration", ".env*" }, { "configuration", ".gitattributes.d" }, { "shell script", ".bash*" }, { "shell script", ".profile" },
	{ "shell script", ".zsh*" }, { "configuration", ".npmrc" }, { "configuration", ".pypirc" }, { "configuration", "procfile" },
	{ "build description", "jenkinsfile" }, { "build description", "vagrantfile" }, { "configuration", "modelfile" },
	{ "notebook", "jupyter_notebook_config*" },
};

/* JSON values and keys that some loader turns into code, objects or downloads; JSON without them is data. */
static const char *const json_signs[] = {
	"\"auto_map\"", "trust_remote_code", "\"_target_\"", "\"class_name\"", "\"registered_name\"", "\"py/", "\"$type\"", "__reduce__",
	"__import__", "__class__", "__globals__", "__builtins__", "\"nbformat\"", "\"custom_pipelines\"", "os.system", "subprocess.", "eval(",
	"exec(", "<script", "\"chat_template\"", "!!python/",
};
static const char *const jinja_words[] = {
	"if", "for", "set", "macro", "block", "include", "import", "extends", "from", "call", "filter", "raw", "with", "generation",
	"endif", "endfor", "else", "elif", "endmacro", "do", "autoescape", "break", "continue",
};
