# How fast the kernel does what every kernel does. Runs nothing by itself: the command `bench` measures.
bench_REQUIRES := boot mm sched ipc dev fs net sys
