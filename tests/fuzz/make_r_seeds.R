#!/usr/bin/Rscript
# Write the seeds of the readers of R's data (r-data, r-lazyload). Usage: tests/fuzz/make_r_seeds.R
# The seeds are under version control, this says what they are. Nothing in them is run by reading them here.
args <- commandArgs(FALSE)
here <- dirname(sub("--file=", "", grep("--file=", args, value = TRUE)))
dir <- function(name) { d <- file.path(here, "seeds", name); dir.create(d, FALSE, TRUE); d }
put <- function(x, name, ...) saveRDS(x, file.path(dir("r-data"), name), compress = FALSE, ...)
promise <- function(code) {
  e <- new.env()
  eval(call("delayedAssign", "x", code, eval.env = e, assign.env = e))
  e
}

put(list(a = 1L, b = "text", c = c(TRUE, NA), d = NULL, e = 2i, f = factor("u")), "clean_list.rds")
put(list(a = 1:3 + 0L, f = y ~ x + log(z), g = quote(lm(y ~ x))), "clean_calls.rds", version = 2)
put(list(a = c(0.5, NA, Inf), b = "a\nb", r = as.raw(1:3)), "clean_ascii.rds", ascii = TRUE)
put(sqrt(1:80), "clean_numbers.rds")
put(as.raw(1:40), "clean_raw.rds")
put(function(x, y = 2) { x <- x + y; names(x) <- "a"; stats::rnorm(x) }, "clean_function.rds")
put(compiler::cmpfun(function(x, y = 2) { for (i in 1:3) x <- x + y; stats::rnorm(x) }), "clean_bytecode.rds")
put(1:10, "clean_sequence.rds")
put(promise(quote(c(1, 2))), "clean_promise.rds")
put(promise(quote(system("id"))), "promise.rds")
put(promise(quote(base::get("system")("id"))), "promise_get.rds", version = 2)
put(promise(quote(foo(1))), "promise_unknown.rds")
put(function(x) system(x), "function.rds")
put(compiler::cmpfun(function(x) system(x)), "bytecode.rds")
e <- new.env(); makeActiveBinding("q", function() unlink("x"), e)
put(e, "active.rds")
con <- file(file.path(dir("r-data"), "clean_native.rds"), "wb"); serialize(list(1, "a"), con, xdr = FALSE); close(con)
x <- 1; y <- letters
save(x, y, file = file.path(dir("r-data"), "clean_work.rda"), compress = FALSE)
save(x, y, file = file.path(dir("r-data"), "clean_text.rda"), ascii = TRUE, compress = FALSE)

make <- getFromNamespace("makeLazyLoadDB", "tools")
for (how in 1:3) {
  env <- new.env()
  env$f <- function(libname, pkgname) NULL
  env$g <- list(1, "two")
  base <- file.path(tempdir(), paste0("d", how))
  make(env, base, compress = how)
  file.copy(paste0(base, ".rdb"), file.path(dir("r-lazyload"), c("clean_zlib.rdb", "clean_bzip2.rdb", "clean_xz.rdb")[how]), TRUE)
}
env <- new.env()
env$h <- function(libname, pkgname) system("id")
make(env, file.path(tempdir(), "h"), compress = 1)
file.copy(file.path(tempdir(), "h.rdb"), file.path(dir("r-lazyload"), "hook.rdb"), TRUE)
env <- new.env()
env$run <- function(x) system(x)
make(env, file.path(tempdir(), "p"), compress = 1)
file.copy(file.path(tempdir(), "p.rdb"), file.path(dir("r-lazyload"), "clean_package.rdb"), TRUE)
