/*
 * What to type into a DNS provider's form, and the sentences that say so. Every fix of
 * a diagnosis and every table of records is worded by these functions.
 *
 *	struct field_place at = {provider, STR("acme.example")};
 *	struct field_record r = {DNS_TXT, name, STR("v=spf1 -all"), -1};
 *	field_instruction(&a, &at, &r)
 *	  In GoDaddy, add a TXT record: enter "sg42" in Name and "v=spf1 -all" in Value.
 *
 * A host is relative to the zone, which may lie above the sending domain. The zone is
 * the apex that the provider serves; where nobody knows it, the sending domain.
 */
#pragma once

#include "dns/type.h"
#include "plan/provider.h"

struct plan_record;

struct field_place {
	const struct provider *provider; /* never NULL; see provider_generic() */
	struct str zone;                 /* canonical */
};

struct field_record {
	enum dns_type type;
	struct str name;  /* canonical */
	struct str value; /* text of a TXT; canonical target */
	int32_t priority; /* of an MX; else -1 */
};

enum field_note_kind {
	FIELD_NOTE_MX_BELOW_APEX, /* the provider takes MX only for the zone itself */
	FIELD_NOTE_UNDERSCORE,    /* it takes no underscores */
	FIELD_NOTE_TXT_TOO_LONG,  /* it takes no text of that length */
	FIELD_NOTE_PROXY,         /* a switch has to be off */
};

/* Something the customer has to know about a record at this provider. */
struct field_note {
	enum field_note_kind kind;
	bool is_obstacle; /* the record cannot be added there at all */
	struct str text;  /* sentences */
};

struct field_notes {
	struct field_note *v;
	size_t n, cap;
};

struct field_record field_of_plan(const struct plan_record *r);

/* "In GoDaddy", "At your DNS provider": how an instruction begins. */
struct str field_at(struct arena *a, const struct provider *provider);
/* "In GoDaddy's DNS panel", "In your DNS provider's panel". */
struct str field_where(struct arena *a, const struct provider *provider);
/* The address of the zone's panel, or empty. */
struct str field_panel_url(struct arena *a, const struct field_place *at);

/* The name field: "sg42", "@", "" or "sg42.acme.example". */
struct str field_host(struct arena *a, const struct field_place *at, struct str name);
/* The value field: dots, quotes, escapes, pieces and priority as the panel wants them.
 */
struct str field_value(struct arena *a, const struct field_place *at,
                       const struct field_record *r);
/* The records' values for one field, one a line. */
struct str field_values(struct arena *a, const struct field_place *at,
                        const struct field_record *records, size_t n);
/* Whether the priority has a field of its own. */
bool field_has_priority(const struct field_place *at, enum dns_type type);
/* "1 Hour", or the seconds where the provider is not known. */
struct str field_ttl(struct arena *a, const struct field_place *at, uint32_t ttl);

/* "In GoDaddy, add a TXT record: enter … in Name and … in Value." */
struct str field_instruction(struct arena *a, const struct field_place *at,
                             const struct field_record *r);
/* The same for all records of one name and type: one sentence, or one for each. */
struct str field_set_instruction(struct arena *a, const struct field_place *at,
                                 const struct field_record *records, size_t n);
/* "In GoDaddy, change the TXT record \"sg42\": Value must be …." */
struct str field_change_instruction(struct arena *a, const struct field_place *at,
                                    const struct field_record *r);
/* "In GoDaddy, delete the TXT record \"sg42\" with the value …."; an empty value is
 * left out. */
struct str field_delete_instruction(struct arena *a, const struct field_place *at,
                                    const struct field_record *r);

/* Adds what there is to say about this record at this provider. */
void field_add_notes(struct arena *a, const struct field_place *at,
                     const struct field_record *r, struct field_notes *notes);
