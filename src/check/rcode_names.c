/* Functions of R by what they reach. The harmless ones are a list of what code in default arguments and captured
 * variables calls; the others are told by name in whatever package, for a wrapper of the same name does the same. */
#include "check/rcode.h"

/* Words separated by spaces; none holds one. */
static const char harmless[] =
	" :: ::: + - * / ^ %% %/% %*% %in% %o% %x% == != < > <= >= ! & && | || : ( { [ [[ $ @ ~ ? if for while repeat "
	"break "
	"next "
	"return function <- <<- = [<- [[<- $<- @<- names<- attr<- attributes<- class<- dim<- dimnames<- levels<- "
	"rownames<- colnames<- is.na<- length<- diag<- body formals args quote bquote substitute deparse expression "
	"c list vector logical integer numeric double complex character raw factor data.frame matrix array seq seq_len "
	"seq_along seq.int rep rep.int rep_len rev sort order rank unique duplicated table tabulate cut findInterval "
	"split "
	"unsplit unlist relist append head tail subset transform with within merge rbind cbind t aperm diag "
	"length nrow ncol NROW NCOL dim dimnames names nchar levels nlevels rownames colnames row.names attr "
	"attributes "
	"structure class oldClass inherits unclass is.null is.na is.nan is.finite is.infinite is.numeric is.character "
	"is.logical is.function is.list is.vector is.factor is.matrix is.array is.data.frame is.environment is.element "
	"is.symbol is.name is.call is.language is.atomic is.integer is.double is.complex is.raw is.ordered "
	"is.primitive "
	"is.object isTRUE isFALSE any all anyNA anyDuplicated which which.min which.max ifelse switch identity "
	"invisible "
	"as.numeric as.integer as.double as.character as.logical as.factor as.vector as.list as.matrix as.data.frame "
	"as.complex as.raw as.array as.Date as.POSIXct as.POSIXlt as.formula as.table as.call "
	"as.function "
	"sum prod max min pmax pmin range mean median var sd quantile scale sweep cor cov cumsum cumprod cummax cummin "
	"diff "
	"abs sqrt exp expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh gamma lgamma beta "
	"lbeta "
	"digamma trigamma choose factorial floor ceiling round signif trunc sign Re Im Mod Arg Conj bitwAnd bitwOr "
	"bitwXor "
	"crossprod tcrossprod outer solve qr qr.Q qr.R qr.coef qr.fitted qr.resid svd eigen chol chol2inv det "
	"determinant "
	"kronecker rowSums colSums rowMeans colMeans max.col rowsum aggregate tapply by ave apply lapply sapply vapply "
	"mapply Map Filter Reduce Find Position Vectorize rapply replicate "
	"paste paste0 sprintf format formatC prettyNum toupper tolower casefold substr substring strsplit "
	"strtoi "
	"trimws startsWith endsWith gsub sub grepl grep regexpr gregexpr regmatches sQuote dQuote shQuote noquote "
	"toString "
	"basename dirname file.path nlevels make.names make.unique abbreviate charToRaw utf8ToInt "
	"iconv enc2utf8 enc2native Encoding rev "
	"is.na missing nargs match.arg match.call match stopifnot stop warning message tryCatch try on.exit "
	"suppressWarnings suppressMessages conditionMessage simpleError simpleWarning inherits "
	"environment new.env emptyenv parent.frame parent.env sys.call sys.function sys.frame "
	"environmentName identical all.equal isSymmetric Recall interactive missing nlevels exists setdiff union "
	"intersect "
	"Sys.time Sys.Date date difftime months weekdays julian strftime strptime ISOdate ISOdatetime proc.time nargs "
	"rnorm runif rbinom rpois rexp rgamma rbeta rt rchisq sample sample.int set.seed dnorm pnorm qnorm dunif punif "
	"qunif "
	"dbinom pbinom qbinom dpois ppois qpois dt pt qt df pf qf dchisq pchisq qchisq dgamma pgamma qgamma dbeta "
	"pbeta qbeta "
	"dexp pexp qexp dlogis plogis qlogis "
	"formula terms model.frame model.matrix model.response model.extract model.weights model.offset "
	"delete.response "
	"update.formula reformulate all.vars all.names contrasts contr.treatment contr.sum contr.helmert contr.poly "
	"coef "
	"coefficients residuals fitted predict logLik deviance df.residual vcov weights offset nobs AIC BIC na.omit "
	"na.pass "
	"na.fail na.exclude na.action complete.cases napredict naresid binomial gaussian poisson quasibinomial "
	"quasipoisson "
	"Gamma inverse.gaussian quasi make.link glm.control lm.fit lm.wfit glm.fit loess.control nls.control "
	"rpart.control "
	"trainControl lm glm nls loess optim optimize optimise uniroot nlm nlminb integrate D deriv poly bs ns spline "
	"splinefun approx approxfun smooth.spline density ecdf "
	"hist kmeans hclust dist prcomp princomp cutree fft convolve filter embed lag window ts tsp start end time "
	"frequency "
	"getOption nargs mode storage.mode typeof object.size nchar rev invisible numeric_version package_version "
	"packageVersion R.Version is.R UseMethod NextMethod standardGeneric isVirtualClass is new validObject slot "
	"slotNames isVirtualClass existsMethod hasArg getGeneric callNextMethod initialize setdiff mat.or.vec vapply "
	".subset .subset2 .getNamespaceInfo Negate isGeneric lengths nzchar rle inverse.rle array arrayInd rowSums "
	"bitwNot xor do.call match.fun as.name as.symbol call get get0 mget max.col trace.default rownames nlevels "
	"gettextf gettext ngettext sys.parent sys.nframe sys.frames pos.to.env lockBinding environmentIsLocked "
	"local bindingIsLocked is.unsorted order sort.int sort.list mapply unsplit expand.grid combn stack unstack "
	"reshape splinefunH splinefunH0 .splinefun .approxfun rm summary pmatch unname setNames qr.qty qr.qy qr.solve "
	"numericDeriv sortedXyData selfStart qnbinom rnbinom dnbinom pnbinom "
	"rnegbin theta.ml regularize.values colorRamp rgb col2rgb convertColor nlevels formatg gamma.shape rinvGauss "
	"dinvGauss "
	"backsolve forwardsolve rweibull rlogis rcauchy rbeta rlnorm dlnorm plnorm qlnorm dweibull pweibull qweibull "
	"trapz "
	"vapply nlevels mapply stopifnot print.default print format.Date is.double rowSums array drop sinpi cospi "
	"asinh acosh "
	"atanh polyroot sys.call match.arg numericDeriv getInitial make.link power lm.wfit .lm.fit glm.fit nargs .Call "
	".External "
	".External2 .C .Fortran requireNamespace suppressPackageStartupMessages inherits nlevels unclass ";

static const char evaluate[] =
	" eval evalq eval.parent eval_tidy eval_bare parse str2lang str2expression parse_expr parse_exprs "
	"exec rlang_eval sys.on.exit invokeRestart Rprof source_text withVisible .Internal .Primitive "
	"makeActiveBinding delayedAssign body<- formals<- environment<- trace untrace "
	"reg.finalizer addTaskCallback setHook browser debug debugonce undebug recover ";
static const char change[] =
	" assign attach library require load readRDS unserialize "
	"sys.load.image lazyLoad lazyLoadDBfetch loadRDS qread assignInNamespace assignInMyNamespace fixInNamespace "
	"unlockBinding registerS3method registerS3methods setMethod setGeneric setClass setRefClass options Sys.setenv "
	"Sys.unsetenv Sys.setlocale setwd "
	"serialize cat open readLines readBin readChar "
	"scan "
	"read.table read.csv read.delim readline file.edit "
	"Sys.umask list.files dir list.dirs Sys.getenv Sys.info file.info "
	"file.exists "
	"Sys.glob normalizePath quit q Sys.sleep tempfile tar edit fix vi emacs savehistory "
	"loadhistory "
	"Sys.kill memory.limit mem.maxVSize gctorture .libPaths ";
static const char writes[] =
	" sink save saveRDS save.image dump dput write write.table write.csv writeLines writeBin writeChar file fifo "
	"gzfile bzfile xzfile file.create file.append file.copy file.symlink file.link dir.create Sys.chmod "
	"Sys.setFileTime zip unzip untar ";
static const char deletes[] = " unlink file.remove file.rename file_delete dir_delete ";
static const char contact[] =
	" download.file url socketConnection serverSocket socketAccept make.socket write.socket read.socket "
	"socketSelect "
	"url.show browseURL source sys.source source_url source_gist source_https curl curl_download curl_fetch_memory "
	"curl_fetch_disk curl_upload multi_download GET POST PUT HEAD VERB getURL getURLContent postForm httpGET "
	"httpPOST "
	"req_perform install.packages update.packages install_github install_gitlab install_git install_url "
	"install_version "
	"install_bitbucket install_cran pkg_install nsl remote_download available.packages contrib.url send.mail "
	"sendmail "
	"websocket create_websocket startServer runServer ";
static const char execute[] =
	" system system2 shell shell.exec pipe dyn.load dyn.unload library.dynam exec_wait exec_internal "
	"exec_background "
	"r_bg rscript callr py_run_string py_run_file py_eval source_python use_python sourceCpp evalCpp cppFunction "
	"cfunction cxxfunction rcpp inline_c .jcall .jnew .jinit .Tcl tclvalue_exec system.call mcfork "
	"makeCluster makePSOCKcluster makeForkCluster clusterEvalQ process_run Rcmd R_exec ";
/* Under a name that is ordinary elsewhere. */
static const char *const packaged[] = {
	"processx::run", "processx::process",  "sys::exec",	   "callr::r",	      "callr::rcmd",
	"callr::r_bg",	 "reticulate::import", "reticulate::eval", "babelwhale::run", "rstudioapi::terminalExecute",
	"rJava::J"
};

static bool listed(const char *words, struct gh_span name)
{
	char look[64];
	if (name.n == 0 || name.n > sizeof look - 3 || memchr(name.p, ' ', name.n) != NULL ||
	    memchr(name.p, 0, name.n) != NULL)
		return false;
	look[0] = ' ';
	memcpy(look + 1, name.p, name.n);
	look[name.n + 1] = ' ';
	look[name.n + 2] = '\0';
	return strstr(words, look) != NULL;
}

enum gh_r_reach gh_r_reach(struct gh_span package, struct gh_span name)
{
	static const struct {
		const char *words;
		enum gh_r_reach reach;
	} lists[] = { { execute, GH_R_EXECUTE },  { contact, GH_R_CONTACT },   { deletes, GH_R_DELETE },
		      { writes, GH_R_WRITE },	  { evaluate, GH_R_EVALUATE }, { change, GH_R_CHANGE },
		      { harmless, GH_R_HARMLESS } };
	for (size_t i = 0; i < sizeof packaged / sizeof packaged[0]; i++) {
		const char *colon = strchr(packaged[i], ':');
		size_t n = (size_t)(colon - packaged[i]);
		if (package.n == n && memcmp(package.p, packaged[i], n) == 0 && gh_span_is(name, colon + 2))
			return GH_R_EXECUTE;
	}
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (listed(lists[i].words, name))
			return lists[i].reach;
	return gh_span_starts(name, "C_") && package.n == 0 ? GH_R_HARMLESS : GH_R_UNKNOWN; /* see .Call */
}

/* Names that only a string needs: everything here finds a function by it. */
static const char takes_function[] =
	" [[ [ $ get get0 mget dynGet getElement match.fun do.call getFunction getMethod getExportedValue "
	"getFromNamespace getAnywhere as.name as.symbol call lapply sapply vapply eapply rapply apply tapply outer "
	"mapply Map "
	"Reduce Filter Find Position Vectorize mclapply parLapply map aggregate ave by sweep optimize optimise "
	"integrate "
	"uniroot nlm optim nlminb glm Negate body formals as.function environment .Call .External .External2 .C "
	".Fortran "
	".Internal .Primitive exists switch assign <- <<- = list c return ( { ";
static const char takes_code[] = " as.formula formula reformulate update update.formula update.default terms "
				 "model.frame model.matrix lm glm nls loess aov "
				 "xtabs deriv deriv3 D parse str2lang str2expression expression as.call eval evalq "
				 "parse_expr parse_exprs paste paste0 "
				 "sprintf <- = c ";
/* Packages that come with R, and those that its own families ask for. */
static const char own_packages[] =
	" base stats utils methods graphics grDevices datasets splines MASS SuppDists nlme mgcv survival "
	"Matrix lattice nnet rpart class cluster boot ";
static const char environments[] = " .BaseNamespaceEnv .GlobalEnv .Internal .Primitive ";

bool gh_r_takes_function(struct gh_span name) { return name.n == 0 || listed(takes_function, name); }
bool gh_r_takes_code(struct gh_span name) { return listed(takes_code, name); }
bool gh_r_own_package(struct gh_span name) { return listed(own_packages, name); }
bool gh_r_environment(struct gh_span name) { return listed(environments, name); }

static bool name_byte(uint8_t c)
{
	return c == '.' || c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

enum gh_r_reach gh_r_text_reach(struct gh_span code)
{
	enum gh_r_reach worst = GH_R_UNKNOWN;
	for (size_t i = 0; i < code.n; i++) {
		size_t from = i, end;
		while (i < code.n && name_byte(code.p[i]))
			i++;
		end = i;
		while (i < code.n && (code.p[i] == ' ' || code.p[i] == '`' || code.p[i] == '"' || code.p[i] == '\''))
			i++;
		if (end > from && i < code.n && code.p[i] == '(') {
			enum gh_r_reach r = gh_r_reach((struct gh_span){ 0 }, gh_span_cut(code, from, end - from));
			worst = r > worst ? r : worst;
		}
		i -= i > end;
	}
	return worst;
}
