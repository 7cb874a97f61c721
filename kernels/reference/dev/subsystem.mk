dev_REQUIRES := boot mm
