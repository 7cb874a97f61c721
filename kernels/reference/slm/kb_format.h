/* The knowledge base blob, written by tools/kbgen.c and read in place by slm/kb.c. All numbers are little-endian.
 *
 * Names are numbered: first those of all vendors, then those of all devices, vendor by vendor. Each name is a list of
 * tokens ended by KB_END. A token is a run of letters and digits or a run of anything else; between two runs of
 * letters and digits one space is understood. Tokens that occur often are symbols of the dictionary, others are
 * KB_LITERAL followed by their bytes and a zero byte in the byte code. Symbols and bytes have canonical Huffman
 * codes, most significant bit first. The bit position of every KB_BLOCK-th name is listed, so that a lookup decodes at
 * most KB_BLOCK names. */
#pragma once
#include <stdint.h>

#define KB_MAGIC 0x31424B41u /* "AKB1" */
#define KB_BLOCK 8
#define KB_DICTIONARY_BLOCK 8
#define KB_MAX_CODE 31
enum { KB_END, KB_LITERAL, KB_FIRST_WORD };

/* A canonical code: symbols in `order` are sorted by code length; count[n] of them have n bits. */
struct kb_code {
    uint32_t count[KB_MAX_CODE + 1];
};

struct kb_header {
    uint32_t magic, bytes;
    uint32_t vendor_count, device_count, word_count;
    /* positions from the start of the blob */
    uint32_t vendor_ids;    /* uint16_t[vendor_count], sorted */
    uint32_t vendor_first;  /* uint32_t[vendor_count + 1]: its first device */
    uint32_t device_ids;    /* uint16_t[device_count], sorted within a vendor */
    uint32_t name_blocks;   /* uint32_t: bit position of name 0, KB_BLOCK, 2 * KB_BLOCK ... */
    uint32_t words;         /* dictionary text, each word ended by a zero byte, in the order of the symbol code */
    uint32_t word_blocks;   /* uint32_t: position in `words` of word 0, KB_DICTIONARY_BLOCK ... */
    uint32_t byte_order;    /* uint8_t[256]: the bytes in the order of the byte code */
    uint32_t names;         /* the bits */
    uint32_t end_rank;      /* places of KB_END and KB_LITERAL in the order of the symbol code */
    uint32_t literal_rank;
    struct kb_code symbol_code, byte_code;
};
