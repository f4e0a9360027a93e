/* worker_probe.h - in test builds only: a file named "gatehouse-probe-CALL" makes the locked-down worker attempt what
 * it must not be able to do. In every other build this is nothing at all. */
#ifndef GH_SCAN_WORKER_PROBE_H
#define GH_SCAN_WORKER_PROBE_H
#ifdef GH_TEST_HOOKS
void gh_worker_probe(const char *name);
#else
static inline void gh_worker_probe(const char *name) { (void)name; }
#endif
#endif
