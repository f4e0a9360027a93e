/* Roles and permissions: the table that every question "may they?" comes down to. */
#include "catalog/people_roles.h"

static const struct gh_permission permissions[] = {
	/* ---- the platform ---- */
	{ "tenant.manage", "make and remove tenants" },
	{ "tenant.read", "see tenants" },
	{ "people.manage", "make and disable principals, grant roles, issue and revoke their API keys" },
	{ "people.read", "see principals, grants and API keys (never the keys themselves)" },
	{ "key.manage", "rotate keys, add and remove ways to unlock" },
	{ "backup.run", "write backups" },
	{ "fsck.run", "check the catalog, and repair it" },
	{ "audit.read", "read the audit log, export evidence packs" },
	{ "status.read", "see how the service is" },
	{ "config.manage", "change settings of the service" },
	{ "self.manage", "register and revoke one's own signing key" },
	/* ---- models ---- */
	{ "model.import", "import models" },
	{ "model.read", "see models, cards, badges, verdicts" },
	{ "model.export", "get a decrypted copy, where the policy allows it" },
	{ "model.manage", "delete, disable and enable versions; set tier and lineage" },
	{ "model.share", "publish base models to other tenants" },
	{ "report.read", "read scan reports in full" },
	{ "rescan.run", "scan stored versions again" },
	{ "badge.issue", "issue badges" },
	{ "badge.revoke", "revoke badges, sign status lists" },
	{ "evidence.add", "store statements of others about a version" },
	/* ---- judging ---- */
	{ "review.read", "see reviews" },
	{ "review.open", "ask for a review" },
	{ "review.comment", "comment on reviews" },
	{ "review.decide", "approve and reject; never as the author" },
	{ "policy.read", "read policies and have them explained" },
	{ "policy.set", "put policies into force" },
	/* ---- running ---- */
	{ "deploy.run", "start deployments" },
	{ "deploy.stop", "stop deployments" },
	{ "deploy.read", "see deployments and their state" },
	{ "deploy.use", "talk to deployments" },
	{ "guard.manage", "change the rules of the firewall" },
	{ "redteam.run", "run campaigns of attacks against deployments" },
};

#define READ "self.manage model.read report.read review.read policy.read deploy.read tenant.read"

static const struct gh_people_role roles[] = {
	{ "platform-admin", "Runs the installation: tenants, people, keys, backups. Decides no reviews.", true, true,
	  true,
	  READ
	  " tenant.manage people.manage people.read key.manage backup.run fsck.run audit.read status.read config.manage"
	  " model.import model.manage model.share rescan.run badge.issue badge.revoke evidence.add review.open"
	  " review.comment policy.set deploy.run deploy.stop guard.manage" },
	{ "security-reviewer", "Looks at what was found, approves and rejects, takes badges back.", false, true, true,
	  READ " people.read audit.read review.open review.comment review.decide rescan.run badge.revoke evidence.add"
	       " model.manage deploy.stop redteam.run" },
	{ "tenant-admin", "Runs a tenant or project: its people, models and policies. Decides no reviews.", false,
	  false, true,
	  READ " people.manage people.read audit.read model.import model.export model.manage model.share rescan.run "
	       "badge.issue"
	       " evidence.add review.open review.comment policy.set deploy.run deploy.stop guard.manage" },
	{ "publisher", "Brings models in.", false, false, true,
	  READ " model.import badge.issue evidence.add review.open review.comment rescan.run" },
	{ "deployer", "Starts and stops deployments.", false, false, true,
	  READ " model.export deploy.run deploy.stop deploy.use" },
	{ "consumer", "Talks to deployments.", false, false, true, "self.manage model.read deploy.read deploy.use" },
	{ "auditor", "Reads everything, changes nothing.", false, false, true,
	  READ " people.read audit.read status.read" },
	{ "robot", "Unattended work: imports, rescans, badges, backups and checks where it is granted.", false, false,
	  true, READ " model.import badge.issue rescan.run evidence.add backup.run fsck.run status.read audit.read" },
	/* Whoever holds the home and its passphrase, without a key of a person: the unattended work, nothing that needs a person. */
	{ "local", "Works unattended with the home and its passphrase; is no person.", true, true, false,
	  READ
	  " tenant.manage people.read key.manage backup.run fsck.run audit.read status.read config.manage model.import"
	  " model.export model.manage model.share rescan.run badge.issue badge.revoke evidence.add review.open "
	  "policy.set"
	  " deploy.run deploy.stop deploy.use guard.manage redteam.run" },
};

const struct gh_permission *gh_permission_at(size_t i)
{
	return i < sizeof permissions / sizeof permissions[0] ? &permissions[i] : NULL;
}

const struct gh_permission *gh_permission_named(const char *name)
{
	const struct gh_permission *p = NULL;
	for (size_t i = 0; (p = gh_permission_at(i)) != NULL; i++)
		if (strcmp(p->name, name) == 0)
			break;
	return p;
}

const struct gh_people_role *gh_people_role_at(size_t i)
{
	return i < sizeof roles / sizeof roles[0] ? &roles[i] : NULL;
}

const struct gh_people_role *gh_people_role_named(const char *name)
{
	const struct gh_people_role *r = NULL;
	for (size_t i = 0; (r = gh_people_role_at(i)) != NULL; i++)
		if (strcmp(r->name, name) == 0)
			break;
	return r;
}

bool gh_people_role_permits(const struct gh_people_role *r, const char *permission)
{
	size_t want = strlen(permission);
	for (const char *w = r->permissions; want != 0 && *w != '\0';) {
		size_t n = strcspn(w, " ");
		if (n == want && memcmp(w, permission, n) == 0)
			return true;
		w += n + (w[n] == ' ');
	}
	return false;
}
