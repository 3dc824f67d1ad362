/* Why the acme role could not do what core asked: the kinds of ACME_FAILED. */
#pragma once

/* X(NAME, "what it means") */
#define ACME_FAILURES(X)                                                               \
	X(NONE, "done")                                                                \
	X(RATE_LIMITED, "the authority wants a pause for this host")                   \
	X(ALL_LIMITED, "the authority wants a pause for all hosts")                    \
	X(UNAUTHORIZED, "the authority got another answer than ours")                  \
	X(CONNECTION, "the authority cannot reach the host")                           \
	X(DNS, "the authority cannot look the host up")                                \
	X(CAA, "a CAA record forbids the authority")                                   \
	X(REJECTED, "the authority does not certify this name")                        \
	X(MALFORMED, "the authority does not understand the order")                    \
	X(ACCOUNT, "the authority does not accept the account")                        \
	X(SERVER, "the authority has a fault")                                         \
	X(UNREACHABLE, "the authority cannot be reached")                              \
	X(DEADLINE, "it took too long")                                                \
	X(INTERNAL, "uacme could not be run, or our own files not written")

enum acme_failure {
#define X(name, help) ACME_##name,
	ACME_FAILURES(X)
#undef X
	        ACME_FAILURE_COUNT,
};
