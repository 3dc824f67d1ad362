/* What a tracking host is asked for beside its links. */
#include "edge/challenge.h"
#include "edge/site_parts.h"

static const struct profile_host *find_host(const struct site *site,
                                            const struct http_request *r)
{
	char text[TOKEN_HOST_MAX];
	struct str host = token_host(r->host, text);

	if (!site->options.profile || !host.n)
		return NULL;
	return profile_find_host(site->options.profile, host);
}

static bool send_health(struct site *site, struct http_request *r, struct str rest)
{
	(void)site, (void)rest;
	site_text(r, 200, STR("text/plain"), STR("ok\n"));
	return true;
}

static bool send_robots(struct site *site, struct http_request *r, struct str rest)
{
	(void)site, (void)rest;
	site_text(r, 200, STR("text/plain"), STR("User-agent: *\nDisallow: /\n"));
	return true;
}

static bool send_home(struct site *site, struct http_request *r, struct str rest)
{
	(void)site, (void)rest;
	site_page(r, 200, PAGE_HOME,
	          &(struct page){.language = http_header(r, "accept-language")});
	return true;
}

/* Universal links: which app may open links of this host. */
static bool send_apple(struct site *site, struct http_request *r, struct str rest)
{
	const struct profile_host *host = find_host(site, r);

	(void)rest;
	if (!host || !host->apple.n)
		return false;
	site_text(r, 200, STR("application/json"), host->apple);
	return true;
}

static bool send_assetlinks(struct site *site, struct http_request *r, struct str rest)
{
	const struct profile_host *host = find_host(site, r);

	(void)rest;
	if (!host || !host->links.n)
		return false;
	site_text(r, 200, STR("application/json"), host->links);
	return true;
}

/* RFC 8555 §8.3: for the host that it was made for alone. */
static bool send_challenge(struct site *site, struct http_request *r, struct str rest)
{
	char text[TOKEN_HOST_MAX];
	struct str host = token_host(r->host, text);
	struct challenge found;

	if (!site->options.challenges ||
	    !challenge_find(r->a, site->options.challenges, rest, &found) ||
	    !str_eq(found.host, host))
		return false;
	site_text(r, 200, STR("application/octet-stream"), found.text);
	return true;
}

static bool send_probe(struct site *site, struct http_request *r, struct str rest)
{
	char text[TOKEN_HOST_MAX];
	struct forwarded from = site_client(site, r);
	struct challenge_seen seen = {
	        .host = token_host(r->host, text),
	        .is_forwarded = from.is_forwarded,
	        .scheme = r->tls ? "https" : "http",
	};
	struct challenge found;

	if (!site->options.challenges ||
	    !challenge_find(r->a, site->options.challenges, rest, &found))
		return false;
	if (from.is_forwarded)
		seen.scheme = !from.has_scheme ? "unknown"
		              : from.is_https  ? "https"
		                               : "http";
	site_text(r, 200, STR("text/plain"), challenge_probe(r->a, &found, &seen));
	return true;
}

static const struct {
	struct str path;
	bool is_folder; /* the path goes on behind it */
	bool (*send)(struct site *site, struct http_request *r, struct str rest);
} files[] = {
        {STR_INIT("/"),                                       false, send_home      },
        {STR_INIT("/healthz"),                                false, send_health    },
        {STR_INIT("/robots.txt"),                             false, send_robots    },
        {STR_INIT("/.well-known/apple-app-site-association"), false, send_apple     },
        {STR_INIT("/apple-app-site-association"),             false, send_apple     },
        {STR_INIT("/.well-known/assetlinks.json"),            false, send_assetlinks},
        {STR_INIT("/.well-known/acme-challenge/"),            true,  send_challenge },
        {STR_INIT("/.well-known/signet-probe/"),              true,  send_probe     },
};

bool site_file(struct site *site, struct http_request *r)
{
	for (size_t i = 0; i < LEN(files); i++) {
		struct str path = files[i].path;

		if (files[i].is_folder ? !str_starts(r->path, path)
		                       : !str_eq(r->path, path))
			continue;
		if (site_is_read(r))
			return files[i].send(site, r, str_from(r->path, path.n));
		site_not_allowed(r, STR("GET, HEAD"));
		return true;
	}
	return false;
}
