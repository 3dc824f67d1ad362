/* Why an order came to nothing: the kinds of ACME_FAILED (ipc/message.h). */
#pragma once

/* X(NAME, "name", "what it means") */
#define ACME_FAILURES(X)                                                               \
	X(SETUP, "setup", "uacme cannot be run, or the account is not accepted")       \
	X(UNREACHABLE, "unreachable", "the authority does not answer")                 \
	X(RATE, "rate", "the authority wants a pause")                                 \
	X(CHALLENGE, "challenge", "the authority did not see the host as ours")        \
	X(CAA, "caa", "a CAA record forbids this authority")                           \
	X(REFUSED, "refused", "the authority refuses the order")                       \
	X(TIMEOUT, "timeout", "it took too long")                                      \
	X(INTERRUPTED, "interrupted", "the server was stopped meanwhile")              \
	X(OTHER, "other", "something else, see the text")

enum acme_failure {
#define X(name, text, help) ACME_##name,
	ACME_FAILURES(X)
#undef X
	        ACME_FAILURE_COUNT,
};
