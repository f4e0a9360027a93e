#include "support/dbs.h"
#include "catalog/schema.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { URL_MAX = 512 };
static struct {
	bool pg;
	unsigned n;
	char server[URL_MAX]; /* of PostgreSQL's first database */
	char dir[64];	      /* SQLite's files */
	char url[URL_MAX];
	pid_t pid;
	int life; /* the server lives as long as this is open */
} now = { .life = -1 };

/* The script as a child with pipes at both ends: it dies when we do. False: it said why not. */
static bool server_start(void)
{
	int in[2], out[2];
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return false;
	now.pid = fork();
	if (now.pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl("/usr/bin/python3", "python3", "tests/support/pg.py", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	now.life = in[1];
	FILE *f = fdopen(out[0], "r");
	bool got = f != NULL && fgets(now.server, sizeof now.server, f) != NULL;
	if (f != NULL)
		fclose(f);
	now.server[strcspn(now.server, "\n")] = '\0';
	if (!got || strncmp(now.server, "postgresql:", 11) != 0) {
		printf("%s\n",
		       got ? now.server
			   : "skipped: PostgreSQL: tests/support/pg.py gave no answer (start tests in the top folder)");
		fflush(stdout);
		return false;
	}
	return true;
}

static void server_stop(void)
{
	if (now.life >= 0)
		close(now.life);
	if (now.pid > 0)
		waitpid(now.pid, NULL, 0);
	now.life = -1;
	now.pid = 0;
}

static void files_start(void)
{
	(void)snprintf(now.dir, sizeof now.dir, "/tmp/gh-dbs-XXXXXX");
	if (mkdtemp(now.dir) == NULL)
		abort();
}

static void files_stop(void)
{
	char command[128];
	(void)snprintf(command, sizeof command, "rm -rf %s", now.dir);
	if (system(command) != 0)
		fprintf(stderr, "%s stays behind\n", now.dir);
}

int dbs_run_(const char *name, const struct CMUnitTest *tests, size_t n)
{
	char group[128];
	signal(SIGPIPE, SIG_IGN);
	files_start();
	now.pg = false;
	(void)snprintf(group, sizeof group, "%s (SQLite)", name);
	int bad = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	files_stop();
	if (server_start()) {
		now.pg = true;
		(void)snprintf(group, sizeof group, "%s (PostgreSQL)", name);
		bad += _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	}
	server_stop();
	return bad;
}

bool dbs_is_pg(void) { return now.pg; }
const char *dbs_url(void) { return now.url; }

static struct gh_db *open_url(const char *url)
{
	struct gh_err err = { 0 };
	char line[512];
	struct gh_db *db = NULL;
	if (gh_db_open(url, &(struct gh_db_how){ .create = true }, &db, &err) != GH_OK)
		fail_msg("%s", gh_err_line(&err, line, sizeof line));
	return db;
}

struct gh_db *dbs_empty(void)
{
	now.n++;
	if (!now.pg) {
		(void)snprintf(now.url, sizeof now.url, "sqlite:%s/%u.db", now.dir, now.n);
		return open_url(now.url);
	}
	char sql[64], line[512];
	struct gh_err err = { 0 };
	struct gh_db *db = open_url(now.server);
	(void)snprintf(sql, sizeof sql, "CREATE DATABASE t%u", now.n);
	if (gh_db_exec(db, NULL, &err, sql, GH_DBV_NONE) != GH_OK)
		fail_msg("%s", gh_err_line(&err, line, sizeof line));
	gh_db_close(db);
	const char *after = strstr(now.server, "/gatehouse?") + strlen("/gatehouse");
	(void)snprintf(now.url, sizeof now.url, "postgresql:///t%u%.400s", now.n, after);
	return open_url(now.url);
}

struct gh_db *dbs_again(void) { return open_url(now.url); }

struct gh_db *dbs_open(void)
{
	struct gh_db *db = dbs_empty();
	struct gh_err err = { 0 };
	char line[512];
	if (gh_schema_migrate(db, 1000, NULL, &err) != GH_OK)
		fail_msg("%s", gh_err_line(&err, line, sizeof line));
	return db;
}
