/*
 * People who sign in: users with roles, passwords under argon2id, sessions. Hashing takes
 * a tenth of a second and 64 MB, so it is a job of the pool.
 */
#include "api/handlers.h"

#include "api/parts.h"
#include "api/secret.h"
#include "base/clock.h"
#include "store/user.h"

#include <sodium.h>
#include <string.h>

enum { SESSION_MS = 12 * 3600 * 1000, LOGINS_PER_MINUTE = 10, LOGINS_FROM = 60 };

static const char *const roles[] = {"owner", "admin", "member", "viewer", NULL};

/* clang-format off */
static const struct schema_field fields[] = {
        {"id", SCHEMA_ID, true, .help = "usr_2"},
        {"email", SCHEMA_EMAIL, true, .help = "whom it is"},
        {"role", SCHEMA_WORD, true, .words = roles, .help = "owner and admin: everything; member: domains; viewer: to look"},
        {"created_at", SCHEMA_TIME, true, .help = "when it was made"},
};
const struct schema schema_user = {"User", fields, LEN(fields)};

static const struct schema_field new_fields[] = {
        {"email", SCHEMA_EMAIL, true, .min = 3, .max = 254, .help = "to sign in with", .example = "\"ann@acme.example\""},
        {"password", SCHEMA_TEXT, true, .min = 12, .max = 200, .help = "at least twelve bytes", .example = "\"correct horse battery\""},
        {"role", SCHEMA_WORD, true, .words = roles, .help = "what the user may do", .example = "\"member\""},
};
const struct schema schema_user_new = {"UserNew", new_fields, LEN(new_fields)};

static const struct schema_field change_fields[] = {
        {"password", SCHEMA_TEXT, .min = 12, .max = 200, .help = "a new one ends all sessions"},
        {"role", SCHEMA_WORD, .words = roles, .help = "what the user may do"},
};
const struct schema schema_user_change = {"UserChange", change_fields, LEN(change_fields)};

static const struct schema_field login_fields[] = {
        {"email", SCHEMA_EMAIL, true, .min = 3, .max = 254, .help = "of the user", .example = "\"ann@acme.example\""},
        {"password", SCHEMA_TEXT, true, .min = 1, .max = 200, .help = "of the user", .example = "\"correct horse battery\""},
};
const struct schema schema_login = {"Login", login_fields, LEN(login_fields)};

static const struct schema_field session_fields[] = {
        {"secret", SCHEMA_TEXT, true, .help = "to be sent as Authorization: Bearer"},
        {"expires_at", SCHEMA_TIME, true, .help = "when it ends by itself"},
        {"user", SCHEMA_OBJECT, true, .object = &schema_user, .help = "who signed in"},
};
const struct schema schema_session = {"Session", session_fields, LEN(session_fields)};
/* clang-format on */

/* A job of the pool: makes a hash of a password, or compares one. */
struct password_job {
	struct api_call *call;
	char password[256];
	char hash[crypto_pwhash_STRBYTES];
	bool is_check, ok;
	struct user_row *user;
};

static void password_run(void *arg)
{
	struct password_job *job = arg;
	size_t n = strlen(job->password);

	if (job->is_check)
		job->ok = crypto_pwhash_str_verify(job->hash, job->password, n) == 0;
	else
		job->ok = crypto_pwhash_str(job->hash, job->password, n,
		                            crypto_pwhash_OPSLIMIT_INTERACTIVE,
		                            crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0;
	sodium_memzero(job->password, sizeof(job->password));
}

static void password_done(void *arg)
{
	struct password_job *job = arg;

	api_resume(job->call);
}

/* Starts the job; call->resume goes on with call->state. */
static enum api_result start(struct api_call *call, struct password_job *job,
                             api_handler *resume)
{
	const struct api_host *host = &call->api->host;
	struct str password = api_member(call->body, "password");

	if (!host->pool_run)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	need(password.n < sizeof(job->password));
	memcpy(job->password, password.p, password.n);
	job->call = call;
	call->state = job;
	call->resume = resume;
	host->pool_run(host->arg, &(struct api_work){password_run, password_done, job});
	return API_LATER;
}

static json_t *user_json(const struct user_row *row)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "id", api_id_json("usr", row->id),
	                 "email", json_text(row->email), "role", json_text(row->role),
	                 "created_at", api_time_json(row->created_at));
}

/* Only an owner, or an operator, makes owners. */
static bool may_give_role(struct api_call *call, struct str role)
{
	struct user_row *self = NULL;
	struct err err;

	if (!str_eq(role, STR("owner")) || call->who.user_id == 0)
		return true;
	if (!user_find(call->api->store, call->a, 0, call->who.user_id, &self, &err)) {
		api_broken(call, &err);
		return false;
	}
	if (self && str_eq(self->role, STR("owner")))
		return true;
	api_problem(call, PROBLEM_SCOPE, "Only an owner makes owners.");
	return false;
}

static enum api_result create_hashed(struct api_call *call)
{
	struct password_job *job = call->state;
	struct user_row row = {
	        .account_id = call->account->id,
	        .email = arena_lower(call->a, api_member(call->body, "email")),
	        .password_hash = str_c(job->hash),
	        .role = api_member(call->body, "role"),
	        .created_at = call->now,
	};
	struct err err;

	if (!job->ok)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	if (!user_add(call->api->store, &row, &row.id, &err))
		return api_broken(call, &err);
	if (row.id == 0)
		return api_duplicate(call, "/email", "The address has a user.");
	call->object = api_id(call->a, "usr", row.id);
	return api_answer(call, 201, user_json(&row));
}

enum api_result user_create(struct api_call *call)
{
	if (!may_give_role(call, api_member(call->body, "role")))
		return API_DONE;
	return start(call, ARENA_NEW(call->a, struct password_job), create_hashed);
}

enum api_result user_get_list(struct api_call *call)
{
	struct store_page page;
	struct user_rows rows;
	json_t *list;
	struct err err;

	if (!api_page(call, &page))
		return API_DONE;
	if (!user_list(call->api->store, call->a, call->account->id, &page, &rows,
	               &err))
		return api_broken(call, &err);
	list = json_array();
	for (size_t i = 0; i < rows.n; i++)
		json_array_append_new(list, user_json(&rows.v[i]));
	return api_answer_list(call, list, rows.next);
}

/* The user of {user}; NULL: answered. */
static struct user_row *named_user(struct api_call *call)
{
	int64_t id = api_id_parse(call->captures[0], "usr");
	struct user_row *row = NULL;
	struct err err;

	if (id &&
	    !user_find(call->api->store, call->a, call->account->id, id, &row, &err)) {
		api_broken(call, &err);
		return NULL;
	}
	if (!row)
		api_not_found(call, "user");
	else
		call->object = api_id(call->a, "usr", row->id);
	return row;
}

enum api_result user_get(struct api_call *call)
{
	struct user_row *row = named_user(call);

	return row ? api_answer(call, 200, user_json(row)) : API_DONE;
}

static enum api_result save(struct api_call *call, struct user_row *row)
{
	struct err err;

	if (!user_save(call->api->store, row, &err))
		return api_broken(call, &err);
	return api_answer(call, 200, user_json(row));
}

static enum api_result change_hashed(struct api_call *call)
{
	struct password_job *job = call->state;
	struct user_row *row = named_user(call);
	struct err err;

	if (!row)
		return API_DONE;
	if (!job->ok)
		return api_problem(call, PROBLEM_UNAVAILABLE, "%s", "");
	row->password_hash = str_c(job->hash);
	if (api_has(call->body, "role"))
		row->role = api_member(call->body, "role");
	if (!session_remove_all(call->api->store, row->id, &err))
		return api_broken(call, &err);
	return save(call, row);
}

enum api_result user_change(struct api_call *call)
{
	struct user_row *row = named_user(call);
	struct str role = api_member(call->body, "role");

	if (!row || !may_give_role(call, role) || !may_give_role(call, row->role))
		return API_DONE;
	if (api_has(call->body, "password"))
		return start(call, ARENA_NEW(call->a, struct password_job),
		             change_hashed);
	if (role.n)
		row->role = role;
	return save(call, row);
}

enum api_result user_delete(struct api_call *call)
{
	struct user_row *row = named_user(call);
	bool removed;
	struct err err;

	if (!row || !may_give_role(call, row->role))
		return API_DONE;
	if (row->id == call->who.user_id)
		return api_problem(call, PROBLEM_CONFLICT,
		                   "Nobody removes themselves.");
	if (!user_remove(call->api->store, call->account->id, row->id, &removed, &err))
		return api_broken(call, &err);
	return api_answer_nothing(call);
}

/* Who signed in or failed to, and from where; of addresses that nobody has nothing is kept,
 * since anybody may make up any number of them. */
static void audit_login(struct api_call *call, const struct user_row *user, bool ok)
{
	struct audit_row *row = ARENA_NEW(call->a, struct audit_row);
	AUTO_JSON json_t *data = json_pack(
	        "{s:o}", "from", json_text(ip_format(call->a, call->request->client)));
	struct str id = api_id(call->a, "usr", user->id);

	*row = (struct audit_row){
	        .account_id = user->account_id,
	        .actor = ok ? id : STR_NONE,
	        .action = ok ? STR("sessions.create") : STR("sessions.refuse"),
	        .object = id,
	        .at = call->now,
	        .data = json_line(call->a, data),
	};
	call->audit = row;
}

static enum api_result login_checked(struct api_call *call)
{
	struct password_job *job = call->state;
	struct api_secret secret;
	struct session_row session;
	struct err err;

	if (job->user)
		audit_login(call, job->user, job->ok);
	if (!job->ok || !job->user)
		return api_problem(call, PROBLEM_BAD_LOGIN, "%s", "");
	secret = secret_make(call->a, "ss");
	session = (struct session_row){
	        .user_id = job->user->id,
	        .hash = secret.hash,
	        .created_at = call->now,
	        .expires_at = call->now + SESSION_MS,
	};
	if (!session_add(call->api->store, &session, &session.id, &err))
		return api_broken(call, &err);
	return api_answer(call, 201,
	                  json_pack("{s:o, s:o, s:o}", "secret", json_text(secret.text),
	                            "expires_at", api_time_json(session.expires_at),
	                            "user", user_json(job->user)));
}

/* A hash that no password has: who asks for a user that is not there waits as long. */
static const char nobodys_hash[] =
        "$argon2id$v=19$m=65536,t=2,p=1$XSAc+uONHWB7iiq9nJBazQ$"
        "6CZli0gpuPdJT7xmggLE8e/Ls9dYsMF50DisLuMe2l0";

static uint64_t login_owner(struct str email)
{
	uint64_t n = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < email.n; i++)
		n = (n ^ (unsigned char)email.p[i]) * UINT64_C(1099511628211);
	return rate_owner(RATE_LOGIN, n);
}

/* Passwords are not to be guessed, and each try is work; false: answered. */
static bool may_try(struct api_call *call, uint64_t owner, int64_t per_minute)
{
	struct rate_result r =
	        rate_take(&call->api->rates, owner, per_minute, clock_monotonic_ms());

	if (r.ok)
		return true;
	api_header(call, "Retry-After",
	           arena_printf(call->a, "%lld", (long long)r.retry_s));
	api_problem(call, PROBLEM_RATE, "Too many attempts to sign in.");
	return false;
}

enum api_result session_create(struct api_call *call)
{
	struct password_job *job = ARENA_NEW(call->a, struct password_job);
	struct str email = arena_lower(call->a, api_member(call->body, "email"));
	struct str hash = str_c(nobodys_hash);
	struct err err;

	if (!may_try(call, login_owner(email), LOGINS_PER_MINUTE) ||
	    !may_try(call,
	             rate_owner(RATE_LOGIN_FROM, access_network(call->request->client)),
	             LOGINS_FROM))
		return API_DONE;
	if (!user_find_email(call->api->store, call->a, email, &job->user, &err))
		return api_broken(call, &err);
	if (job->user)
		hash = job->user->password_hash;
	if (hash.n >= sizeof(job->hash))
		hash = str_c(nobodys_hash);
	memcpy(job->hash, hash.p, hash.n);
	job->is_check = true;
	return start(call, job, login_checked);
}

enum api_result session_delete(struct api_call *call)
{
	struct str header = http_header(call->request, "authorization");
	struct str word = STR_NONE;
	struct err err;

	if (call->who.user_id == 0)
		return api_problem(call, PROBLEM_CONFLICT,
		                   "This is a key, not a session.");
	need(str_cut_word(&header, &word));
	if (!session_remove(call->api->store, secret_hash(call->a, str_trim(header)),
	                    &err))
		return api_broken(call, &err);
	return api_answer_nothing(call);
}
