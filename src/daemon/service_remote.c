/* A daemon that serves this home (`gatehouse serve`): its socket, if somebody listens there. */
#include "daemon/service_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum gh_rc gh_service_remote(struct gh_service *s, struct gh_err *err)
{
	/* A socket's path is short, a home's may be long: go through the open directory. */
	char run[GH_HOME_PATH + 8];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	s->remote = -1;
	if (gh_home_path(&s->home, "run", run, sizeof run) == NULL)
		return gh_fail(err, GH_E_LIMIT, "the path of the home directory is too long");
	int dir = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? GH_OK : gh_fail_sys(err, errno, "%s", run);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/gatehouse.sock", dir);
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	enum gh_rc rc = sock < 0 ? gh_fail_sys(err, errno, "a socket") : GH_OK;
	if (rc == GH_OK && connect(sock, (const struct sockaddr *)&a, sizeof a) == 0)
		s->remote = sock;
	else if (sock >= 0) {
		/* Nobody listens: the socket of a daemon that died may still lie there. */
		if (errno != ENOENT && errno != ECONNREFUSED)
			rc = gh_fail_sys(err, errno, "the daemon's socket in %s", run);
		(void)close(sock);
	}
	(void)close(dir);
	return rc;
}
