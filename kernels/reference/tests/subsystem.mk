# Tests across subsystems: what each subsystem's own tests cannot see.
tests_REQUIRES := boot mm sched ipc slm
