/*
 * Everything Signet can find wrong, one row each, in the order of cause: what is to be
 * mended first comes first. The columns are those of struct rule (rule.h): code, severity,
 * when it is run, for which purposes, whether it compares with a planned value, the
 * function without its "rule_", and what it means, for the reference.
 */
#pragma once

#include "diagnose/rule.h"

#define ANY_PURPOSE 0
#define MX_PURPOSES (PURPOSE(RETURN_PATH) | PURPOSE(REPLY))

// clang-format off
#define RULES(X) \
	X("dns.bogus", ERROR, ALWAYS, ANY_PURPOSE, ANY, dns_bogus, \
	  "DNSSEC validation fails, so that receivers see nothing") \
	X("dns.servfail", ERROR, ALWAYS, ANY_PURPOSE, ANY, dns_servfail, \
	  "the servers answer SERVFAIL or nonsense: nothing can be concluded") \
	X("dns.timeout", ERROR, ALWAYS, ANY_PURPOSE, ANY, dns_timeout, \
	  "nobody answered in time: nothing can be concluded") \
	X("dns.server_lame", WARNING, ALWAYS, ANY_PURPOSE, ANY, dns_server_lame, \
	  "a name server of the zone does not answer for it") \
	X("dns.server_stale", WARNING, ALWAYS, ANY_PURPOSE, ANY, dns_server_stale, \
	  "a name server of the zone has older data than the others") \
	X("dns.propagating", WARNING, ALWAYS, ANY_PURPOSE, ANY, dns_propagating, \
	  "only some servers have the record yet") \
	X("conflict.cname_and_other", ERROR, CLOSER, ANY_PURPOSE, ANY, conflict_cname_and_other, \
	  "a CNAME stands beside other data") \
	X("cname.loop", ERROR, ALWAYS, ANY_PURPOSE, ANY, cname_loop, \
	  "the CNAMEs lead in a circle") \
	X("multiple.dkim", ERROR, WRONG, PURPOSE(DKIM), ANY, multiple_dkim, \
	  "several DKIM keys at one name") \
	X("multiple.spf", ERROR, WRONG, PURPOSE(SPF), ANY, multiple_spf, \
	  "several SPF records at one name") \
	X("multiple.dmarc", ERROR, WRONG, PURPOSE(DMARC), ANY, multiple_dmarc, \
	  "several DMARC records at one name") \
	X("type.spf_record", ERROR, WRONG, PURPOSE(SPF), ANY, type_spf_record, \
	  "the type SPF (99) where TXT is wanted") \
	X("type.txt_for_cname", ERROR, WRONG, ANY_PURPOSE, PLANNED, type_txt_for_cname, \
	  "a TXT record where a CNAME is wanted") \
	X("type.cname_for_txt", ERROR, WRONG, ANY_PURPOSE, PLANNED, type_cname_for_txt, \
	  "a CNAME where a TXT record is wanted") \
	X("type.a_for_cname", ERROR, WRONG, ANY_PURPOSE, PLANNED, type_a_for_cname, \
	  "an address where a CNAME is wanted") \
	X("name.zone_appended_twice", ERROR, WRONG, ANY_PURPOSE, PLANNED, name_zone_appended_twice, \
	  "the record stands at NAME.ZONE: the panel appended the zone") \
	X("name.at_root", ERROR, WRONG, ANY_PURPOSE, PLANNED, name_at_root, \
	  "the record stands at the domain itself instead of the label") \
	X("name.in_label", ERROR, WRONG, ANY_PURPOSE, PLANNED, name_in_label, \
	  "the record stands in a label instead of the domain itself") \
	X("name.wrong_selector", ERROR, WRONG, PURPOSE(DKIM), PLANNED, name_wrong_selector, \
	  "the key stands at the other selector") \
	X("name.domainkey_missing", ERROR, WRONG, PURPOSE(DKIM), PLANNED, name_domainkey_missing, \
	  "the key stands at the selector without ._domainkey") \
	X("name.underscore_missing", ERROR, WRONG, PURPOSE(DKIM) | PURPOSE(DMARC), PLANNED, name_underscore_missing, \
	  "the record stands at the name without its underscore") \
	X("name.url_as_host", ERROR, WRONG, ANY_PURPOSE, PLANNED, name_url_as_host, \
	  "a URL, a scheme or www. was typed into the name field") \
	X("type.ns_delegated", ERROR, WRONG, ANY_PURPOSE, PLANNED, type_ns_delegated, \
	  "the name is delegated to other name servers") \
	X("name.wildcard", WARNING, CLOSER, ANY_PURPOSE, PLANNED, name_wildcard, \
	  "the answer comes from a wildcard, not from the record") \
	X("name.in_use", ERROR, WRONG, PURPOSE(TRACKING), PLANNED, name_in_use, \
	  "the tracking name already serves mail, a site or another purpose") \
	X("value.quoted", ERROR, WRONG, ANY_PURPOSE, ANY, value_quoted, \
	  "quotation marks stand inside the value") \
	X("value.smart_quotes", ERROR, WRONG, ANY_PURPOSE, ANY, value_smart_quotes, \
	  "typographic quotation marks stand inside the value") \
	X("value.escaped_semicolon", ERROR, WRONG, ANY_PURPOSE, ANY, value_escaped_semicolon, \
	  "backslashes stand in front of the semicolons") \
	X("value.leading_space", ERROR, WRONG, ANY_PURPOSE, ANY, value_leading_space, \
	  "white space stands in front of v=") \
	X("value.whitespace", ERROR, WRONG, ANY_PURPOSE, ANY, value_whitespace, \
	  "stray white space or line breaks spoil the value") \
	X("value.truncated", ERROR, WRONG, ANY_PURPOSE, PLANNED, value_truncated, \
	  "the value ends where the panel cut it") \
	X("value.split_records", ERROR, WRONG, ANY_PURPOSE, PLANNED, value_split_records, \
	  "one value is spread over several records") \
	X("value.old_key", ERROR, WRONG, PURPOSE(DKIM), PLANNED, value_old_key, \
	  "a key of ours that is retired") \
	X("value.other_key", ERROR, WRONG, PURPOSE(DKIM), PLANNED, value_other_key, \
	  "another valid key: an older one, or of another customer") \
	X("value.zone_appended", ERROR, WRONG, ANY_PURPOSE, PLANNED, value_zone_appended, \
	  "the target has the zone appended: its final dot is missing") \
	X("cname.apex", ERROR, WRONG, ANY_PURPOSE, PLANNED, cname_apex, \
	  "a CNAME is wanted at the apex of a zone") \
	X("cname.dangling", ERROR, ALWAYS, ANY_PURPOSE, ANY, cname_dangling, \
	  "the CNAME leads to a name that does not exist") \
	X("cname.other_provider", ERROR, WRONG, ANY_PURPOSE, PLANNED, cname_other_provider, \
	  "the CNAME leads to another known service") \
	X("cname.proxied", ERROR, WRONG, ANY_PURPOSE, PLANNED, cname_proxied, \
	  "addresses of a proxy stand where the CNAME should show") \
	X("cname.flattened", ADVICE, RIGHT, ANY_PURPOSE, PLANNED, cname_flattened, \
	  "addresses equal to the target's: accepted, but they may age") \
	X("mx.null", ERROR, WRONG, MX_PURPOSES, ANY, mx_null, \
	  "a null MX refuses all mail") \
	X("mx.is_address", ERROR, ALWAYS, MX_PURPOSES | PURPOSE(INBOUND), ANY, mx_is_address, \
	  "an MX names an address instead of a host") \
	X("mx.is_cname", WARNING, ALWAYS, MX_PURPOSES | PURPOSE(INBOUND), ANY, mx_is_cname, \
	  "an MX names a host that is a CNAME") \
	X("mx.other_provider", ERROR, WRONG, MX_PURPOSES, PLANNED, mx_other_provider, \
	  "the MX belong to another known service") \
	X("mx.incomplete", ERROR, WRONG, MX_PURPOSES, PLANNED, mx_incomplete, \
	  "one of our MX is there, this one is not") \
	X("mx.extra", WARNING, ALWAYS, MX_PURPOSES, PLANNED, mx_extra, \
	  "another host beside ours would take mail") \
	X("spf.syntax", ERROR, FALLBACK, PURPOSE(SPF), ANY, spf_syntax, \
	  "the record cannot be parsed, with the position") \
	X("spf.not_authorizing", ERROR, FALLBACK, PURPOSE(SPF), PLANNED, spf_not_authorizing, \
	  "the record is valid and does not allow our senders") \
	X("spf.broken_include", ERROR, ALWAYS, PURPOSE(SPF), ANY, spf_broken_include, \
	  "an include or redirect leads to no valid SPF record") \
	X("spf.loop", ERROR, ALWAYS, PURPOSE(SPF), ANY, spf_loop, \
	  "an include or redirect leads back to itself") \
	X("spf.too_many_lookups", ERROR, ALWAYS, PURPOSE(SPF), ANY, spf_too_many_lookups, \
	  "more than 10 look-ups, with the share of each mechanism") \
	X("spf.too_many_voids", ERROR, ALWAYS, PURPOSE(SPF), ANY, spf_too_many_voids, \
	  "more than 2 look-ups that find nothing") \
	X("dkim.syntax", ERROR, FALLBACK, PURPOSE(DKIM), ANY, dkim_syntax, \
	  "the key record cannot be parsed") \
	X("dkim.revoked", ERROR, WRONG, PURPOSE(DKIM), ANY, dkim_revoked, \
	  "the key is empty: revoked") \
	X("dkim.sha1_only", ERROR, WRONG, PURPOSE(DKIM), ANY, dkim_sha1_only, \
	  "the record only allows sha1") \
	X("dkim.not_for_email", ERROR, WRONG, PURPOSE(DKIM), ANY, dkim_not_for_email, \
	  "the record does not allow e-mail (s=)") \
	X("dkim.weak_key", ERROR, ALWAYS, PURPOSE(DKIM), ANY, dkim_weak_key, \
	  "RSA below 1024 bits is refused; below 2048 is advice") \
	X("dmarc.syntax", ERROR, FALLBACK, PURPOSE(DMARC), ANY, dmarc_syntax, \
	  "the record is invalid, with the position") \
	X("dmarc.wrong_place", ERROR, WRONG, PURPOSE(DMARC), ANY, dmarc_wrong_place, \
	  "the policy stands at the domain itself instead of _dmarc") \
	X("value.other", ERROR, FALLBACK, ANY_PURPOSE, PLANNED, value_other, \
	  "none of the others: shows the first difference") \
	X("dkim.missing", ERROR, FALLBACK, PURPOSE(DKIM), ANY, dkim_missing, \
	  "no key at the name") \
	X("spf.missing", ERROR, FALLBACK, PURPOSE(SPF), ANY, spf_missing, \
	  "no SPF record at the name") \
	X("dmarc.missing", ADVICE, FALLBACK, PURPOSE(DMARC), ANY, dmarc_missing, \
	  "no DMARC policy") \
	X("mx.missing", ERROR, FALLBACK, MX_PURPOSES | PURPOSE(INBOUND), ANY, mx_missing, \
	  "no MX at the name") \
	X("record.missing", ERROR, FALLBACK, PURPOSE(OWNERSHIP) | PURPOSE(TRACKING), ANY, record_missing, \
	  "nothing at the name") \
	X("dns.negative_cached", ADVICE, ALWAYS, ANY_PURPOSE, PLANNED, dns_negative_cached, \
	  "resolvers may keep the absence until a time") \
	X("spf.pass_all", WARNING, ALWAYS, PURPOSE(SPF), ANY, spf_pass_all, \
	  "+all lets the whole Internet send") \
	X("spf.no_all", WARNING, RIGHT, PURPOSE(SPF), ANY, spf_no_all, \
	  "neither all nor redirect: others are neutral") \
	X("spf.no_effect", WARNING, RIGHT, PURPOSE(SPF), ANY, spf_no_effect, \
	  "terms that do nothing: behind all, a redirect beside it, include= for include:") \
	X("spf.too_long", WARNING, ALWAYS, PURPOSE(SPF), ANY, spf_too_long, \
	  "a string over 255 bytes, or a record that fills a UDP answer") \
	X("dkim.test_mode", WARNING, RIGHT, PURPOSE(DKIM), ANY, dkim_test_mode, \
	  "t=y: receivers treat signatures as if there were none") \
	X("dmarc.syntax", WARNING, RIGHT, PURPOSE(DMARC), ANY, dmarc_broken_tag, \
	  "a tag of a valid record is broken or unknown") \
	X("dmarc.removed_tag", ADVICE, RIGHT, PURPOSE(DMARC), ANY, dmarc_removed_tag, \
	  "a tag that RFC 9989 has removed") \
	X("dmarc.policy_none", ADVICE, RIGHT, PURPOSE(DMARC), ANY, dmarc_policy_none, \
	  "p=none asks for nothing") \
	X("dmarc.report_unauthorized", WARNING, RIGHT, PURPOSE(DMARC), ANY, dmarc_report_unauthorized, \
	  "an external report address has not agreed") \
	X("domain.public_suffix", ERROR, DOMAIN, ANY_PURPOSE, ANY, domain_public_suffix, \
	  "the domain is a public suffix") \
	X("domain.not_registered", ERROR, DOMAIN, ANY_PURPOSE, ANY, domain_not_registered, \
	  "the domain does not exist in its parent zone") \
	X("domain.no_delegation", ERROR, DOMAIN, ANY_PURPOSE, ANY, domain_no_delegation, \
	  "the domain has no name servers that answer") \
	X("dmarc.strict_alignment", ERROR, DOMAIN, ANY_PURPOSE, ANY, dmarc_strict_alignment, \
	  "aspf=s or adkim=s with a subdomain layout: mail would fail") \
	X("dmarc.receivers_differ", ADVICE, DOMAIN_CLOSER, ANY_PURPOSE, ANY, dmarc_receivers_differ, \
	  "receivers by RFC 7489 and by RFC 9989 would decide differently") \
	X("caa.forbids_issuer", WARNING, DOMAIN_CLOSER, ANY_PURPOSE, ANY, caa_forbids_issuer, \
	  "CAA forbids the issuer of the tracking certificate")
// clang-format on

/* Each function stands in the file of its family: rules_dns.c, rules_name.c … */
#define X(code, severity, when, purposes, planned, function, about)                    \
	bool rule_##function(const struct rule_case *c, struct diagnosis *d);
RULES(X)
#undef X
