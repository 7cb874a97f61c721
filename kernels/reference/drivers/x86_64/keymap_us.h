/* US layout by scancode of set 1; 0 where a key has no character. */
#pragma once

static const char keymap_plain[0x54] = {
    0, 27, '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-', '=', '\b', '\t',
    'q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p', '[', ']', '\n', 0, 'a', 's',
    'd', 'f', 'g', 'h', 'j', 'k', 'l', ';', '\'', '`', 0, '\\', 'z', 'x', 'c', 'v',
    'b', 'n', 'm', ',', '.', '/', 0, '*', 0, ' ',
    [0x4A] = '-', [0x4E] = '+',
};

static const char keymap_shifted[0x54] = {
    0, 27, '!', '@', '#', '$', '%', '^', '&', '*', '(', ')', '_', '+', '\b', '\t',
    'Q', 'W', 'E', 'R', 'T', 'Y', 'U', 'I', 'O', 'P', '{', '}', '\n', 0, 'A', 'S',
    'D', 'F', 'G', 'H', 'J', 'K', 'L', ':', '"', '~', 0, '|', 'Z', 'X', 'C', 'V',
    'B', 'N', 'M', '<', '>', '?', 0, '*', 0, ' ',
    [0x4A] = '-', [0x4E] = '+',
};

/* The number pad with Num Lock on, from scancode 0x47. */
static const char keymap_numpad[] = "789-456+1230.";

/* Keys with an 0xE0 in front (and the number pad without Num Lock) as terminals send them. */
static const struct {
    unsigned char scancode;
    const char *sequence;
} keymap_navigation[] = {
    {0x47, "\x1b[H"}, {0x48, "\x1b[A"}, {0x49, "\x1b[5~"}, {0x4B, "\x1b[D"}, {0x4D, "\x1b[C"},
    {0x4F, "\x1b[F"}, {0x50, "\x1b[B"}, {0x51, "\x1b[6~"}, {0x52, "\x1b[2~"}, {0x53, "\x1b[3~"},
};
