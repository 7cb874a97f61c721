sched_REQUIRES := boot mm
