/* Shared by the files of slm/. */
#pragma once
#include <auton/slm.h>

void backend_select(void); /* at boot, by the command line */
