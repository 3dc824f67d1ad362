#include "api/domain_find.h"

#include "api/parts.h"
#include "dns/name.h"

bool domain_of_text(struct api_call *call, struct str text, struct domain_row **out,
                    struct err *err)
{
	struct store *store = call->api->store;
	int64_t account = call->account->id;
	int64_t id = api_id_parse(text, "dom");
	struct err ignored;
	struct str name;

	*out = NULL;
	if (id) {
		if (!domain_find(store, call->a, account, id, out, err))
			return false;
	} else if (dns_name_parse(call->a, text, &name, &ignored)) {
		if (!domain_find_name(store, call->a, account, name, out, err))
			return false;
	}
	if (*out && call->who.bound_domain && (*out)->id != call->who.bound_domain)
		*out = NULL;
	return true;
}

struct str address_domain(struct str address)
{
	ptrdiff_t at = -1;

	for (size_t i = 0; i < address.n; i++)
		if (address.p[i] == '@')
			at = (ptrdiff_t)i;
	return at < 0 ? STR_NONE : str_from(address, (size_t)at + 1);
}

bool address_is_template(struct str address)
{
	ptrdiff_t at = str_find_char(address, '@');
	struct str domain = at < 0 ? address : str_from(address, (size_t)at + 1);

	return str_find(domain, STR("{{")) >= 0 || str_find(domain, STR("{%")) >= 0;
}

bool domain_choose(struct api_call *call, int64_t *out)
{
	struct str text = api_member(call->query, "domain");
	struct domain_row *d = NULL;
	struct err err;

	*out = call->who.bound_domain;
	if (text.n == 0)
		return true;
	if (!domain_of_text(call, text, &d, &err)) {
		api_broken(call, &err);
		return false;
	}
	if (!d) {
		api_not_found(call, "domain");
		return false;
	}
	*out = d->id;
	return true;
}
