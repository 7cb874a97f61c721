mm_REQUIRES := boot
