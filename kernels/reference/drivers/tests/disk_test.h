/* Shared by the tests of drivers. */
#pragma once

/* Writes to and reads from every disk that scratch= names. NULL, or why it failed. */
const char *test_scratch_disks(void);
