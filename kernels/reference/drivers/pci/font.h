/* A font of dots for printable ASCII. */
#pragma once
#include <auton/types.h>

#define FONT_FIRST ' '
#define FONT_GLYPHS 95
#define FONT_WIDTH 5
#define FONT_HEIGHT 7
extern const uint8_t font_glyphs[FONT_GLYPHS][FONT_HEIGHT];
