#pragma once
#include <auton/types.h>

uint32_t neural_series(uint32_t seed, uint32_t terms);
