#include "os/ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union ctl {
	char buf[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

bool gh_ipc_send(int sock, const void *p, size_t n, int pass_fd, int flags)
{
	struct iovec iov = { (void *)(size_t)p, n };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	union ctl ctl = { 0 };
	if (pass_fd >= 0) {
		mh.msg_control = ctl.buf;
		mh.msg_controllen = sizeof ctl.buf;
		struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof pass_fd);
	}
	ssize_t r;
	do
		r = sendmsg(sock, &mh, flags | MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	return r == (ssize_t)n;
}

ssize_t gh_ipc_recv(int sock, void *p, size_t cap, int *got_fd, int flags)
{
	struct iovec iov = { p, cap };
	union ctl ctl = { 0 };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf, .msg_controllen = sizeof ctl.buf
	};
	ssize_t r;
	do
		r = recvmsg(sock, &mh, flags | MSG_CMSG_CLOEXEC);
	while (r < 0 && errno == EINTR);
	int fd = -1;
	if (r >= 0)
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&mh); c != NULL; c = CMSG_NXTHDR(&mh, c))
			if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
			    c->cmsg_len >= CMSG_LEN(sizeof fd))
				memcpy(&fd, CMSG_DATA(c), sizeof fd);
	if (got_fd != NULL)
		*got_fd = fd;
	else if (fd >= 0)
		(void)close(fd);
	if (r >= 0 && (mh.msg_flags & MSG_TRUNC) != 0) {
		errno = EMSGSIZE;
		return -1;
	}
	return r;
}
