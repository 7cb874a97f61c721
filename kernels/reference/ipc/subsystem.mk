ipc_REQUIRES := boot mm sched
