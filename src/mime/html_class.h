/* Classes of bytes for the loops of the tokenizer. */
#pragma once

#include <stdint.h>

enum {
	CLASS_SPACE = 1,     /* blanks of HTML; CR counts, as it becomes LF */
	CLASS_TAG_END = 2,   /* ends the name of a tag */
	CLASS_NAME_END = 4,  /* ends the name of an attribute */
	CLASS_VALUE_END = 8, /* ends a value without quotes */
	CLASS_ALPHA = 16,
};

extern const uint8_t html_classes[256];

static inline uint8_t html_class(char c)
{
	return html_classes[(unsigned char)c];
}
