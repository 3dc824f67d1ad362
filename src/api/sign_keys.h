/*
 * DKIM keys for a domain that is being added or rotated: asked of `keys` one after the
 * other, then the call goes on. Private to src/api.
 *
 *	sign_keys_want(&keys, API_RSA, STR("s1"));
 *	call->resume = go_on;
 *	return sign_keys_take(call, &keys, name);
 */
#pragma once

#include "api/call.h"

enum { SIGN_KEYS_MAX = 3 };

struct sign_key {
	enum api_algorithm algorithm;
	struct str selector, ref;
	struct str text; /* base64, as behind p= */
};

struct sign_keys {
	struct api_call *call;
	struct str domain;
	struct sign_key v[SIGN_KEYS_MAX];
	size_t n, taken;
	bool failed;
};

void sign_keys_want(struct sign_keys *keys, enum api_algorithm algorithm,
                    struct str selector);
/* Goes on with call->resume: at once where no key is wanted, else later. */
enum api_result sign_keys_take(struct api_call *call, struct sign_keys *keys,
                               struct str domain);
/* The first of an algorithm, or empty. */
struct str sign_keys_text(const struct sign_keys *keys, enum api_algorithm algorithm);
/* Gives back what was taken. */
void sign_keys_drop(struct api_call *call, const struct sign_keys *keys);
