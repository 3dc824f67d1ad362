#include "parent/folders.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	const char *name; /* below data_dir */
	mode_t mode;
	int64_t uid, gid;
};

static bool fail(struct err *err, const char *name)
{
	return err_set(err, ERR_UNAVAILABLE, "%s: %s", name, strerror(errno));
}

/* Without root it may be somebody else's, who has set it right. */
static bool set_mode(int fd, mode_t mode)
{
	if (fchmod(fd, mode) == 0)
		return true;
	/* A service manager may forbid the bit that hands the group down (systemd's
	 * RestrictSUIDSGID=): then the users of the roles have one group anyway. */
	if (errno == EPERM && (mode & S_ISGID))
		(void)!fchmod(fd, mode & 0777);
	return errno == EPERM || errno == EROFS;
}

/* By descriptor: whoever may write above must not lead us elsewhere by a link. */
static bool make(int at, const struct folder *f, struct err *err)
{
	AUTO_FD int fd = -1, up = -1;

	if (mkdirat(at, f->name, 0700) != 0 && errno != EEXIST)
		return fail(err, f->name);
	fd = openat(at, f->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(err, f->name);
	/* The mode first: to root without CAP_FOWNER (signet.service) what was given away
	 * is another's. A folder keeps its bits when it changes hands. */
	if (!set_mode(fd, f->mode))
		return fail(err, f->name);
	if ((f->uid >= 0 || f->gid >= 0) &&
	    fchown(fd, (uid_t)f->uid, (gid_t)f->gid) != 0 && errno != EROFS)
		return fail(err, f->name);
	/* Its own entry: without that all in it is gone with the power. */
	up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up >= 0)
		(void)!fsync(up);
	return true;
}

/* A new one may be passed by the group that the users of the roles have in common. */
static bool make_data_dir(const char *path, int64_t gid, struct err *err)
{
	if (mkdir(path, 0750) != 0)
		return errno == EEXIST || fail(err, path);
	return gid < 0 || chown(path, (uid_t)-1, (gid_t)gid) == 0 || fail(err, path);
}

bool folders_make(const char *data_dir, unsigned edges,
                  const struct folders_owners *owners, struct err *err)
{
	const struct folder folders[] = {
	        {"journal",         0755, -1,               -1              },
	        {"acme",            0711, owners->acme_uid, owners->acme_gid},
	        {"acme/challenges", 0775, owners->acme_uid, owners->core_gid},
	};
	AUTO_FD int at = -1;

	if (!make_data_dir(data_dir, owners->core_gid, err))
		return false;
	at = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return fail(err, data_dir);
	for (size_t i = 0; i < LEN(folders); i++)
		if (!make(at, &folders[i], err))
			return err_add(err, "%s", data_dir);
	for (unsigned i = 0; i < edges; i++) {
		char name[32];
		/* What the edge makes in it is of the core's group too. */
		struct folder f = {name, 02750, owners->edge_uid, owners->core_gid};

		snprintf(name, sizeof(name), "journal/edge-%u", i);
		if (!make(at, &f, err))
			return err_add(err, "%s", data_dir);
	}
	return true;
}
