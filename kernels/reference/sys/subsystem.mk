# The shell, services and the resource monitor. Without the SLM a line that is no command is an unknown command.
sys_REQUIRES := boot mm sched
