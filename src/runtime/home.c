#include "runtime/home.h"

#define TEXT(at, s) { at, s, sizeof(s) - 1, false }
#define HOME "/home/user/"

const struct gh_jail_text gh_home_text[] = {
	TEXT("/etc/passwd", "user:x:1000:1000:user:/home/user:/bin/sh\n"),
	TEXT("/etc/group", "user:x:1000:\n"),
	TEXT("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
	TEXT("/etc/hosts", "127.0.0.1 localhost gatehouse\n"),
	TEXT("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"),
	TEXT(HOME ".ssh/id_rsa", "decoy: this is no key\n"),
	TEXT(HOME ".ssh/id_ed25519", "decoy: this is no key\n"),
	TEXT(HOME ".ssh/known_hosts", "\n"),
	TEXT(HOME ".aws/credentials", "[default]\naws_access_key_id = decoy\naws_secret_access_key = decoy\n"),
	TEXT(HOME ".netrc", "machine decoy.invalid login decoy password decoy\n"),
	TEXT(HOME ".git-credentials", "https://decoy:decoy@decoy.invalid\n"),
	TEXT(HOME ".cache/huggingface/token", "decoy\n"),
	TEXT(HOME ".huggingface/token", "decoy\n"),
	TEXT(HOME ".docker/config.json", "{\"auths\": {\"decoy.invalid\": {\"auth\": \"decoy\"}}}\n"),
	TEXT(HOME ".kube/config", "apiVersion: v1\nkind: Config\n"),
	TEXT(HOME ".config/gcloud/application_default_credentials.json", "{\"type\": \"decoy\"}\n"),
	TEXT(HOME ".pypirc", "[pypi]\nusername = decoy\npassword = decoy\n"),
	TEXT(HOME ".npmrc", "# decoy\n"),
	TEXT(HOME ".bash_history", "ls\n"),
	TEXT(HOME ".gnupg/secring.gpg", "decoy"),
	TEXT(HOME ".kaggle/kaggle.json", "{\"username\": \"decoy\", \"key\": \"decoy\"}\n"),
	TEXT(HOME ".bashrc", "\n"),
	TEXT(HOME ".profile", "\n"),
};
const size_t gh_home_ntext = sizeof gh_home_text / sizeof *gh_home_text;

const char *const gh_home_decoy[] = {
	HOME ".ssh/id_rsa",
	HOME ".ssh/id_ed25519",
	HOME ".ssh/known_hosts",
	HOME ".aws/credentials",
	HOME ".netrc",
	HOME ".git-credentials",
	HOME ".cache/huggingface/token",
	HOME ".huggingface/token",
	HOME ".docker/config.json",
	HOME ".kube/config",
	HOME ".config/gcloud/application_default_credentials.json",
	HOME ".pypirc",
	HOME ".npmrc",
	HOME ".bash_history",
	HOME ".gnupg/secring.gpg",
	HOME ".kaggle/kaggle.json",
};
const size_t gh_home_ndecoy = sizeof gh_home_decoy / sizeof *gh_home_decoy;

/* One thread each: numeric libraries spin on busy processors. Caches go where they may be written. */
const char *const gh_home_env[] = {
	"HOME=/home/user",
	"USER=user",
	"LOGNAME=user",
	"PATH=/usr/bin:/bin",
	"LANG=C.UTF-8",
	"TMPDIR=/tmp",
	"OMP_NUM_THREADS=1",
	"OPENBLAS_NUM_THREADS=1",
	"MKL_NUM_THREADS=1",
	"CUDA_VISIBLE_DEVICES=",
	"TF_CPP_MIN_LOG_LEVEL=3",
	"JOBLIB_MULTIPROCESSING=0",
	"MPLCONFIGDIR=/tmp/matplotlib",
	"NUMBA_CACHE_DIR=/tmp/numba",
	"XDG_CACHE_HOME=/tmp/cache",
	NULL,
};
