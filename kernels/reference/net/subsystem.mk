# The network stack. Everything below sockets and threads takes time, random numbers and cards as inputs, and is also
# built on the host, where two stacks talk over a link that loses frames. With file systems the HTTP server has files, and
# addresses that were set are kept.
net_REQUIRES := boot mm sched dev sys
net_CFLAGS := -O2
net_SRCS = $(filter-out $(if $(filter fs,$(SELECTED)),,net/http_files.c net/settings_file.c), $(wildcard net/*.c))
