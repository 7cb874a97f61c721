# The network stack. Everything below sockets and threads takes time, random numbers and cards as inputs, and is also
# built on the host, where two stacks talk over a link that loses frames.
net_REQUIRES := boot mm sched dev
net_CFLAGS := -O2
