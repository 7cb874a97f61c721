/* Private to arch/aarch64. */
#pragma once

/* Opens the device tree, as the very first thing: it alone says where the console is. arch_boot_init() tells whether
 * it was refused. */
void handover_open_tree(void);
