/* Shared by the files with shell commands. */
#pragma once

const char *net_why(int error); /* what an error of the network means to who typed the command */
const char *net_settings_keep(void); /* writes down which addresses are set; in words how long that lasts */
