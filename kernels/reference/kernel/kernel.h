/* Shared by the files of kernel/ only. */
#pragma once
#include <auton/types.h>

void console_early_init(void);      /* the polled serial port as the first sink */
void selftests_from_cmdline(void);  /* test=..., then leaves the machine if `exit` is there */
