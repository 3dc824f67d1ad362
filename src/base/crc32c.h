/*
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as in iSCSI (RFC 3720 §B.4),
 * ext4 and SCTP: with the processor's instruction where it has one, a table otherwise.
 *
 *	crc32c(0, STR("123456789")) == 0xE3069283
 *	crc32c(crc32c(0, a), b) is that of a followed by b
 */
#pragma once

#include "base/str.h"

uint32_t crc32c(uint32_t before, struct str bytes);
/* By the table, whatever the processor can; for the test that compares both. */
uint32_t crc32c_by_table(uint32_t before, struct str bytes);
