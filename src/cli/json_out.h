/*
 * JSON that is written while it is made, for outputs as long as their input: a tree of
 * values would take twenty times the memory. Strings are the only part that needs care.
 */
#pragma once

#include "base/str.h"

#include <stdio.h>

/* A JSON string with its quotes. What is not UTF-8 becomes U+FFFD as a decoder of the
 * WHATWG Encoding Standard (§8.1.1) has it. */
void json_out_string(FILE *out, struct str s);
/* The same without the quotes: part of a string. */
void json_out_chars(FILE *out, struct str s);
