/* Where the secret that opens the root key comes from. It is never read here: the vault gets the descriptor. */
#include "daemon/service_int.h"

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum gh_rc from_file(const char *path, const char *what, struct gh_vault_secret *out, struct gh_err *err)
{
	struct stat st;
	out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (out->fd < 0)
		return gh_fail_sys(err, errno, "%s '%s'", what, path);
	if (fstat(out->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & (S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH)) != 0) {
		(void)close(out->fd);
		out->fd = -1;
		return gh_fail(err, GH_E_DENIED, "%s '%s' can be read by others: chmod 600 it", what, path);
	}
	return GH_OK;
}

static enum gh_rc passphrase(const struct gh_service_how *how, bool fresh, struct gh_vault_secret *out,
			     struct gh_err *err)
{
	const char *file = how->passphrase_file != NULL ? how->passphrase_file : getenv("GATEHOUSE_PASSPHRASE_FILE");
	out->method = GH_VAULT_PASSPHRASE;
	if (file != NULL && file[0] != '\0')
		return from_file(file, "the passphrase file", out, err);
	if (how->ask == NULL)
		return gh_fail(err, GH_E_DENIED,
			       "a passphrase is needed: set GATEHOUSE_PASSPHRASE_FILE to a file that holds it");
	out->fd = how->ask(how->arg, fresh ? "New passphrase" : "Passphrase", err);
	return out->fd >= 0 ? GH_OK : GH_E_DENIED;
}

enum gh_rc gh_service_secret(const struct gh_home *home, const struct gh_service_how *how, bool fresh,
			     struct gh_vault_secret *out, struct gh_err *err)
{
	char path[GH_HOME_PATH];
	const char *dir = getenv("CREDENTIALS_DIRECTORY"), *u = home->unlock;
	*out = (struct gh_vault_secret){ .fd = -1 };
	if (strcmp(u, "passphrase") == 0 || how->passphrase_file != NULL)
		return passphrase(how, fresh, out, err);
	if (strncmp(u, "file:", 5) == 0) {
		out->method = GH_VAULT_KEYFILE;
		return from_file(u + 5, "the key file", out, err);
	}
	if (strcmp(u, "tpm") == 0 || strncmp(u, "tpm:", 4) == 0) {
		out->method = GH_VAULT_TPM;
		return GH_OK;
	}
	if (strncmp(u, "credential:", 11) == 0) {
		out->method = GH_VAULT_CREDENTIAL;
		if (dir == NULL)
			return gh_fail(err, GH_E_ABSENT,
				       "the credential '%s' is given by systemd only (LoadCredential=)", u + 11);
		if (strchr(u + 11, '/') != NULL ||
		    (size_t)snprintf(path, sizeof path, "%s/%s", dir, u + 11) >= sizeof path)
			return gh_fail(err, GH_E_MALFORMED, "'%s' is no name of a credential", u + 11);
		return from_file(path, "the credential", out, err);
	}
	return gh_fail(err, GH_E_MALFORMED,
		       "gatehouse.yaml: unlock: '%s' is none of passphrase, file:PATH, credential:NAME, tpm, tpm:TCTI",
		       u);
}
